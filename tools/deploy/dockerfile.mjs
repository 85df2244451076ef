// Lints a Dockerfile: node dockerfile.mjs FILE. Every diagnostic is a line on standard error; status 1 where there is any.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { validate, ValidationSeverity } = createRequire(import.meta.url)('dockerfile-utils');
const [path] = process.argv.slice(2);
const strict = Object.fromEntries(['deprecatedMaintainer', 'directiveCasing', 'emptyContinuationLine', 'instructionCasing',
  'instructionCmdMultiple', 'instructionEntrypointMultiple', 'instructionHealthcheckMultiple', 'instructionJSONInSingleQuotes',
  'instructionWorkdirRelative'].map((name) => [name, ValidationSeverity.ERROR]));
const diagnostics = validate(readFileSync(path, 'utf8'), strict);
for (const { range, message } of diagnostics) console.error(`${path}:${range.start.line + 1}: ${message}`);
process.exit(diagnostics.length > 0 ? 1 : 0);
