// Cuts grids into tokens as VS Code does, by the grammar of the extension: a list of texts as JSON on standard input. Prints the
// tokens of each: their text and scopes.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, grammarFile] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");
await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => parseRawGrammar(readFileSync(grammarFile, "utf8"), grammarFile),
});
const grammar = await registry.loadGrammar("source.bggo");
const tokens = (text) => {
  let stack = INITIAL;
  return text.split("\n").flatMap((line) => {
    const cut = grammar.tokenizeLine(line, stack);
    stack = cut.ruleStack;
    return cut.tokens.map(({ startIndex, endIndex, scopes }) => [line.slice(startIndex, endIndex), scopes]);
  });
};
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(tokens)));
