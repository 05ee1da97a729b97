// The extension: it starts `bggo lsp` for grids, and says what to do where there is no bggo. It downloads nothing.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { findServer } = require("./server");

/** Files that a grid may read: with them open the server knows what is not saved. */
const READ = "**/*.{csv,jsonl,json,tpl,tftpl,tmpl,proto}";

/** @type {LanguageClient | undefined} */
let client;

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("bggo.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("bggo")) {
        return restart();
      }
    }),
  );
  await start();
}

async function start() {
  const settings = vscode.workspace.getConfiguration("bggo");
  const found = findServer(settings.get("path", ""));
  if (found.fault) {
    // Nobody waits for the answer.
    void complain(found.fault);
    return;
  }
  const modules = settings.get("modules", []).flatMap((folder) => ["--module", folder]);
  const options = {
    documentSelector: [
      { scheme: "file", language: "bggo" },
      { scheme: "untitled", language: "bggo" },
      { scheme: "file", pattern: READ },
    ],
  };
  const server = { command: found.program, args: ["lsp", ...modules] };
  client = new LanguageClient("bggo", "bggo", server, options);
  try {
    await client.start();
  } catch (fault) {
    client = undefined;
    void complain(`\`${found.program} lsp\` did not start: ${fault.message}`);
  }
}

async function stop() {
  const last = client;
  client = undefined;
  await last?.stop();
}

async function restart() {
  await stop();
  await start();
}

async function complain(fault) {
  const settings = "Open settings";
  const chosen = await vscode.window.showErrorMessage(`bggo: ${fault}`, settings);
  if (chosen === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "bggo.path");
  }
}

module.exports = { activate, deactivate: stop };
