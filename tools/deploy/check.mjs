// Checks a rendered overlay: every object against its schema, all of them together against the rules.
//   node check.mjs HELP_TEXT RENDERED.yaml [TYPES.ts]     HELP_TEXT: what `enos-flow-gateway --help` prints
// Writes the objects as TypeScript to TYPES.ts. Status 1 where there is something to complain about.
import { writeFileSync } from 'node:fs';
import { readContext } from './context.mjs';
import { readObjects } from './objects.mjs';
import { rules } from './rules.mjs';
import { asTypeScript, schemaComplaint } from './schema.mjs';

const [help, rendered, types] = process.argv.slice(2);
const objects = readObjects(rendered);
const context = readContext(help);
const complaints = objects.map(schemaComplaint).filter(Boolean);
for (const [name, rule] of Object.entries(rules)) {
  complaints.push(...rule(objects, context).map((complaint) => `${complaint} (${name})`));
}
if (types) writeFileSync(types, asTypeScript(objects));
for (const complaint of complaints) console.error(`${rendered}: ${complaint}`);
console.log(`${rendered}: ${objects.length} objects, ${Object.keys(rules).length} rules, ${complaints.length} complaints`);
process.exit(complaints.length > 0 ? 1 : 0);
