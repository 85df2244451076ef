// Checks an object against the schema of its kind; gives the complaint, or nothing.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export function schemaComplaint(object) {
  const { apiVersion, kind } = object;
  const root = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  try {
    const models = require(`${root}/${apiVersion}/${kind}`);
    new models[kind](kind === 'Secret' ? onOneLine(object) : object).validate();
  } catch (error) {
    return `${kind} ${object.metadata?.name}: ${String(error.message).split('\n')[0]}`;
  }
  return undefined;
}

// kustomize writes long base64 on several lines: the API server takes that, the schemas do not.
function onOneLine(secret) {
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, value.replaceAll('\n', '')]);
  return { ...secret, data: Object.fromEntries(data) };
}

// Unknown fields pass those schemas; the types that come with them do not let them pass. The text of a TypeScript program
// that compiles where every object has only fields that exist.
export function asTypeScript(objects) {
  return objects.map((object, index) => {
    const { apiVersion, kind } = object;
    const root = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
    return `import type { I${kind} as Kind${index} } from '${root}/${apiVersion}/${kind}';\n`
      + `export const object${index}: Kind${index} = ${JSON.stringify(object, null, 1)};\n`;
  }).join('');
}
