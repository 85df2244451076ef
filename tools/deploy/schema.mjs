// Checks an object against the schema of its kind; gives the complaint, or nothing.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

function packageOf(apiVersion) {
  if (apiVersion.startsWith('monitoring.coreos.com/')) return '@kubernetes-models/prometheus-operator';
  // The only package with a schema of GRPCRoute needs Node 22; Debian has 18 and 20. A rule looks at what matters in it.
  return apiVersion.startsWith('gateway.networking.k8s.io/') ? undefined : 'kubernetes-models';
}

export function schemaComplaint(object) {
  const { apiVersion, kind } = object;
  if (packageOf(apiVersion) === undefined) return undefined;
  try {
    const models = require(`${packageOf(apiVersion)}/${apiVersion}/${kind}`);
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
  return objects.filter(({ apiVersion }) => packageOf(apiVersion) !== undefined).map((object, index) => {
    const { apiVersion, kind } = object;
    return `import type { I${kind} as Kind${index} } from '${packageOf(apiVersion)}/${apiVersion}/${kind}';\n`
      + `export const object${index}: Kind${index} = ${JSON.stringify(object, null, 1)};\n`;
  }).join('');
}
