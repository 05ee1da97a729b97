// Loads an unpacked extension beside a stand-in for what only VS Code has: so all packages that it needs are in it.
"use strict";

const Module = require("node:module");

const stub = new Proxy(function () {}, {
  get: (target, name) => (name === "prototype" ? target.prototype : stub),
  apply: () => stub,
  construct: () => ({}),
});
const original = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? stub : original(name, ...rest));
const { activate, deactivate } = require(process.argv[2]);
const { LanguageClient } = Module.createRequire(`${process.argv[2]}/package.json`)("vscode-languageclient/node");
console.log([activate, deactivate, LanguageClient].map((one) => typeof one).join(" "));
