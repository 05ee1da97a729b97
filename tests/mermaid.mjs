// Asks mermaid's own parser whether it accepts a diagram: text on standard input, exit 0 or 1.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { JSDOM } = require("jsdom");
const page = new JSDOM("");
globalThis.window = page.window;
globalThis.document = page.window.document;
const { default: mermaid } = await import(pathToFileURL(`${folder}/node_modules/mermaid/dist/mermaid.core.mjs`));
try {
  const kind = await mermaid.parse(readFileSync(0, "utf8"));
  console.log(kind.diagramType);
} catch (fault) {
  console.error(String(fault.message ?? fault));
  process.exit(1);
}
