"use strict";
// The types of what pages draw, made from schema/: src/page/types/*.d.ts. Says which are not what the schema says;
// with `--write` it writes them.
//   node types.js [--write]
const { compile } = require("json-schema-to-typescript");
const fs = require("fs"), path = require("path");

const root = path.join(__dirname, "../..");
const folder = path.join(root, "src/page/types");
/** Each schema, and what its whole is called. */
const SCHEMAS = { scene: "Scene", session: "Session", feed: "Heard", stats: "Stats" };

/** A definition is called as it's named, and a reference has nothing beside it: else each would make a type of its own. @param {any} node */
function plain(node) {
  if (Array.isArray(node)) return node.map(plain);
  if (node === null || typeof node !== "object") return node;
  if (typeof node.$ref === "string") return { $ref: node.$ref.replace("$defs", "definitions") };
  const made = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]));
  if (!made.$defs) return made;
  for (const [name, one] of Object.entries(made.$defs)) one.title = name[0].toUpperCase() + name.slice(1);
  // The compiler knows definitions by an older word.
  const { $defs, ...rest } = made;
  return { ...rest, definitions: $defs };
}

/** @param {string} name */
const schema = (name) => plain(JSON.parse(fs.readFileSync(path.join(root, "schema", `${name}.json`), "utf8")));

(async () => {
  const differ = [];
  for (const [name, title] of Object.entries(SCHEMAS)) {
    const bannerComment = `// Made from schema/${name}.json by tests/chat/types.js --write; not to be edited.`;
    const made = await compile({ ...schema(name), title }, title, { bannerComment, style: { printWidth: 120 }, ignoreMinAndMaxItems: true, additionalProperties: false });
    const file = path.join(folder, `${name}.d.ts`);
    if (process.argv[2] === "--write") {
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(file, made);
    } else if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== made) differ.push(`${name}.d.ts`);
  }
  console.log(JSON.stringify(differ));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
