// Reading rendered manifests, and the questions that the rules ask of them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { parseAllDocuments } = require('yaml');

// The objects of a rendered overlay; throws where the YAML is broken.
export function readObjects(path) {
  return parseAllDocuments(readFileSync(path, 'utf8'), { uniqueKeys: true })
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter(Boolean);
}

export const nameOf = (object) => `${object.kind} ${object.metadata.name}`;
export const ofKind = (objects, kind) => objects.filter((object) => object.kind === kind);
export const find = (objects, kind, name) => ofKind(objects, kind).find((object) => object.metadata.name === name);

export const workloads = (objects) => ofKind(objects, 'Deployment');
export const podOf = (workload) => workload.spec.template.spec;
export const containersOf = (workload) => podOf(workload).containers;
export const portsOf = (workload) => containersOf(workload).flatMap((container) => container.ports ?? []);
export const hasPort = (workload, port) =>
  portsOf(workload).some((declared) => declared.name === port || declared.containerPort === port);

// Whether a plain selector (`a: b`) or one with matchLabels selects the Pods of a workload. An empty one selects all.
export function selects(selector, workload) {
  const wanted = selector?.matchLabels ?? (selector?.matchExpressions ? {} : selector) ?? {};
  const labels = workload.spec.template.metadata.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
export const selected = (objects, selector) => workloads(objects).filter((workload) => selects(selector, workload));

// The environment of a container: its own variables and those of ConfigMaps, as far as they are in the render.
export function environmentOf(objects, container) {
  const environment = {};
  for (const source of container.envFrom ?? []) {
    Object.assign(environment, find(objects, 'ConfigMap', source.configMapRef?.name)?.data ?? {});
  }
  for (const { name, value } of container.env ?? []) environment[name] = value;
  return environment;
}

// The gateway among the workloads, and what its container is told.
export function gatewayOf(objects) {
  const workload = workloads(objects).find((each) => each.metadata.name.endsWith('enos-flow-gateway'));
  const container = workload && containersOf(workload).find((each) => each.name === 'gateway');
  return workload && { workload, container, environment: environmentOf(objects, container) };
}

// The nginx in the gateway's Pod, where there is one.
export const frontOf = (objects) => containersOf(gatewayOf(objects).workload).find((each) => each.name === 'front');

// "1m30s", "500ms" as seconds; NaN for what is no duration.
export function seconds(duration) {
  const units = { h: 3600, m: 60, s: 1, ms: 0.001 };
  let sum = 0;
  let rest = String(duration);
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)(h|ms|m|s)/.exec(rest);
    if (!part) return NaN;
    sum += Number(part[1]) * units[part[2]];
    rest = rest.slice(part[0].length);
  }
  return sum;
}

// "250m", "2" as CPUs; "64Mi", "1Gi" as MiB.
export const cpus = (quantity) =>
  String(quantity).endsWith('m') ? Number(String(quantity).slice(0, -1)) / 1000 : Number(quantity);
export function mebibytes(quantity) {
  const part = /^(\d+)(Ki|Mi|Gi)$/.exec(String(quantity));
  return part ? Number(part[1]) * { Ki: 1 / 1024, Mi: 1, Gi: 1024 }[part[2]] : NaN;
}
