// Reads a grid with tree-sitter's grammar of HCL and asks a query about it: the text on standard input, the query's file as the
// second argument. Prints each capture with its text; fails where the grammar does not know what the query names.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, queryFile] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { Parser, Language, Query } = require("web-tree-sitter");
await Parser.init();
const language = await Language.load(require.resolve("@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm"));
const parser = new Parser();
parser.setLanguage(language);
const tree = parser.parse(readFileSync(0, "utf8"));
const query = new Query(language, readFileSync(queryFile, "utf8"));
const captures = query.captures(tree.rootNode).map(({ name, node }) => [name, node.text]);
console.log(JSON.stringify({ broken: tree.rootNode.hasError, captures }));
