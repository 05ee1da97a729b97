// Stands in for the modules that only VS Code has, and keeps what the extension does with them.
"use strict";

const Module = require("node:module");

/** Loads the extension beside stubs. `settings` are those of the user, `answer` is what the user presses in a message. */
function load(settings, { answer, faults = [] } = {}) {
  const seen = { clients: [], messages: [], commands: {}, executed: [], listeners: [] };
  class LanguageClient {
    constructor(id, name, server, options) {
      Object.assign(this, { id, name, server, options, running: false });
      seen.clients.push(this);
    }
    async start() {
      const fault = faults.shift();
      if (fault) {
        throw new Error(fault);
      }
      this.running = true;
    }
    async stop() {
      this.running = false;
    }
  }
  const vscode = {
    workspace: {
      getConfiguration: (section) => ({
        get: (name, otherwise) => settings[`${section}.${name}`] ?? otherwise,
      }),
      onDidChangeConfiguration: (listener) => {
        seen.listeners.push(listener);
        return { dispose() {} };
      },
    },
    window: {
      showErrorMessage: async (text, ...buttons) => {
        seen.messages.push({ text, buttons });
        return answer;
      },
    },
    commands: {
      registerCommand: (name, run) => {
        seen.commands[name] = run;
        return { dispose() {} };
      },
      executeCommand: async (...what) => {
        seen.executed.push(what);
      },
    },
  };
  const stubs = { vscode, "vscode-languageclient/node": { LanguageClient } };
  const original = Module._load;
  Module._load = (name, ...rest) => stubs[name] ?? original(name, ...rest);
  try {
    const file = require.resolve("../extension");
    delete require.cache[file];
    return { extension: require(file), seen };
  } finally {
    Module._load = original;
  }
}

module.exports = { load };
