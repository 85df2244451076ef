// What the gateway of a rendered overlay is started with, for a start outside of Kubernetes:
//   node start.mjs RENDERED.yaml FOLDER
// Puts the files of mounted ConfigMaps below FOLDER, makes the folders of mounted Secrets there, and prints the environment, a
// NAME=VALUE a line, with FOLDER before the paths of files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { find, gatewayOf, podOf, readObjects } from './objects.mjs';

const [rendered, folder] = process.argv.slice(2);
const objects = readObjects(rendered);
const { workload, container, environment } = gatewayOf(objects);

for (const mount of container.volumeMounts) {
  mkdirSync(folder + mount.mountPath, { recursive: true });
  const { configMap } = podOf(workload).volumes.find((volume) => volume.name === mount.name);
  const files = find(objects, 'ConfigMap', configMap?.name)?.data ?? {};
  for (const [name, content] of Object.entries(files)) writeFileSync(`${folder}${mount.mountPath}/${name}`, content);
}
for (const [name, value] of Object.entries(environment)) {
  console.log(`${name}=${name.endsWith('_FILE') && value ? folder : ''}${value}`);
}
