"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { test } = require("node:test");
const { load } = require("./stubs");
const { findServer } = require("../server");

/** A folder with a program `bggo` in it. */
function folderWithProgram(mode = 0o755) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bggo-"));
  fs.writeFileSync(path.join(folder, "bggo"), "#!/bin/sh\n", { mode });
  return folder;
}

const nowhere = "/there/is/no/such/folder";

test("the program is that of the setting, of the PATH, or of cargo, in this order", () => {
  const [set, first, second, home] = [1, 2, 3, 4].map(() => folderWithProgram());
  fs.mkdirSync(path.join(home, ".cargo", "bin"), { recursive: true });
  fs.copyFileSync(path.join(home, "bggo"), path.join(home, ".cargo", "bin", "bggo"));
  const environment = { PATH: [nowhere, first, second].join(path.delimiter) };
  const program = (folder) => ({ program: path.join(folder, "bggo") });
  assert.deepEqual(findServer(path.join(set, "bggo"), environment, home), program(set));
  assert.deepEqual(findServer("~/bggo", environment, home), program(home));
  assert.deepEqual(findServer("", environment, home), program(first));
  assert.deepEqual(findServer("", { PATH: nowhere }, home), program(path.join(home, ".cargo", "bin")));
  assert.deepEqual(findServer("", {}, home), program(path.join(home, ".cargo", "bin")));
});

test("what is no program is not taken", () => {
  const text = folderWithProgram(0o644);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bggo-"));
  fs.mkdirSync(path.join(folder, "bggo"));
  const environment = { PATH: ["", ".", text, folder].join(path.delimiter) };
  assert.match(findServer("", environment, nowhere).fault, /no program `bggo` in the `PATH`/);
  assert.match(findServer(path.join(text, "bggo"), environment, nowhere).fault, /`bggo.path` names/);
  assert.match(findServer("bggo", environment, nowhere).fault, /`bggo.path` names `bggo`/);
});

test("the server is started with the folders of modules and for grids and what they read", async () => {
  const program = path.join(folderWithProgram(), "bggo");
  const { extension, seen } = load({ "bggo.path": program, "bggo.modules": ["a", "b"] });
  const context = { subscriptions: [] };
  await extension.activate(context);
  const [client] = seen.clients;
  assert.deepEqual(client.server, { command: program, args: ["lsp", "--module", "a", "--module", "b"] });
  assert.equal(client.running, true);
  const languages = client.options.documentSelector.map((one) => one.language ?? one.pattern);
  assert.deepEqual(languages.slice(0, 2), ["bggo", "bggo"]);
  assert.match(languages[2], /csv.*proto/);
  assert.equal(context.subscriptions.length, 2);
  assert.deepEqual(seen.messages, []);
  await extension.deactivate();
  assert.equal(client.running, false);
});

test("a changed setting and the command start it anew, and other settings do not", async () => {
  const settings = { "bggo.path": path.join(folderWithProgram(), "bggo") };
  const { extension, seen } = load(settings);
  await extension.activate({ subscriptions: [] });
  const changed = (section) => ({ affectsConfiguration: (asked) => asked === section });
  await seen.listeners[0](changed("editor"));
  assert.equal(seen.clients.length, 1);
  settings["bggo.path"] = path.join(folderWithProgram(), "bggo");
  await seen.listeners[0](changed("bggo"));
  assert.deepEqual(seen.clients.map((client) => client.running), [false, true]);
  assert.equal(seen.clients[1].server.command, settings["bggo.path"]);
  await seen.commands["bggo.restart"]();
  assert.deepEqual(seen.clients.map((client) => client.running), [false, false, true]);
});

test("without a program it says so, leads to the setting, and starts once there is one", async () => {
  const settings = { "bggo.path": path.join(nowhere, "bggo") };
  const { extension, seen } = load(settings, { answer: "Open settings" });
  await extension.activate({ subscriptions: [] });
  await new Promise(setImmediate);
  assert.equal(seen.clients.length, 0);
  assert.match(seen.messages[0].text, /which is no program/);
  assert.deepEqual(seen.executed, [["workbench.action.openSettings", "bggo.path"]]);
  settings["bggo.path"] = path.join(folderWithProgram(), "bggo");
  await seen.commands["bggo.restart"]();
  assert.equal(seen.clients[0].running, true);
});

test("a server that does not start is told, and the next one is tried", async () => {
  const settings = { "bggo.path": path.join(folderWithProgram(), "bggo") };
  const { extension, seen } = load(settings, { faults: ["it ended"] });
  await extension.activate({ subscriptions: [] });
  assert.match(seen.messages[0].text, /did not start: it ended/);
  assert.deepEqual(seen.executed, []);
  await seen.commands["bggo.restart"]();
  assert.deepEqual(seen.clients.map((client) => client.running), [false, true]);
});
