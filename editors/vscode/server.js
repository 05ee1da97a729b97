// Where the program `bggo` is.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The program of the setting, else the first one of the `PATH`, else that of `make install`.
 * @param {string} setting
 * @returns {{ program: string, fault?: undefined } | { program?: undefined, fault: string }}
 */
function findServer(setting, environment = process.env, home = os.homedir()) {
  if (setting !== "") {
    const program = setting.startsWith("~/") ? path.join(home, setting.slice(2)) : setting;
    if (isProgram(program)) {
      return { program };
    }
    return { fault: `the setting \`bggo.path\` names \`${setting}\`, which is no program` };
  }
  // A folder that is not written whole would be another one in each workspace.
  const folders = (environment.PATH ?? "").split(path.delimiter).filter(path.isAbsolute);
  const program = [...folders, path.join(home, ".cargo", "bin")]
    .map((folder) => path.join(folder, "bggo"))
    .find(isProgram);
  if (program) {
    return { program };
  }
  return { fault: "there is no program `bggo` in the `PATH`; install it, or name it in the setting `bggo.path`" };
}

module.exports = { findServer };
