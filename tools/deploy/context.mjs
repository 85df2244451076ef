// What the rules have to know beside the objects.
import { readFileSync } from 'node:fs';

// The gateway's variables with their defaults, from its help text: "[ENOS_GATEWAY_DRAIN_DELAY, default: 5s]", and the keys'.
export function readContext(helpPath) {
  const text = readFileSync(helpPath, 'utf8');
  const variables = new Map();
  for (const [, name, value] of text.matchAll(/\[(ENOS_[A-Z0-9_]+),\s+(?:default:\s+([^\]]*)|required)\]/g)) {
    variables.set(name, value);
  }
  for (const [, plain, file] of text.matchAll(/^ +(ENOS_[A-Z_]+), or (ENOS_[A-Z_]+)(?: +\[required\])?$/gm)) {
    variables.set(plain, undefined);
    variables.set(file, undefined);
  }
  if (variables.size < 10) throw new Error(`${helpPath} does not look like the help of enos-flow-gateway`);
  // As deploy/monitoring/alerts.yml has it.
  return { variables, jobName: 'enos-flow-gateway' };
}
