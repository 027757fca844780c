// Checks bills of materials against the schema of CycloneDX: node check_sbom.mjs MODULES FILE…, where MODULES is the
// node_modules that holds @cyclonedx/cyclonedx-library and ajv.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [modules, ...files] = process.argv.slice(2);
const library = createRequire(resolve(modules, 'here.js'))('@cyclonedx/cyclonedx-library');
let failed = files.length === 0;

for (const file of files) {
  const text = await readFile(file, 'utf-8');
  const bill = JSON.parse(text);
  const validator = new library.Validation.JsonStrictValidator(bill.specVersion);
  const problem = await validator.validate(text);
  const references = new Set([bill.metadata.component, ...bill.components].map((one) => one['bom-ref']));
  const unknown = bill.dependencies.flatMap((one) => [one.ref, ...(one.dependsOn ?? [])]).filter((one) => !references.has(one));
  const architecture = (one) => one.purl.match(/[?&]arch=([^&]*)/)[1];
  const foreign = bill.components.map(architecture).filter((one) => ![architecture(bill.metadata.component), 'all'].includes(one));
  const unversioned = bill.components.filter((one) => !one.version).map((one) => one.name);
  if (problem !== null) console.error(`${file}: ${JSON.stringify(problem, null, 2)}`);
  if (unknown.length > 0) console.error(`${file}: dependencies on what is no component: ${unknown}`);
  if (foreign.length > 0) console.error(`${file}: components of another architecture: ${foreign}`);
  if (unversioned.length > 0) console.error(`${file}: components without a version: ${unversioned}`);
  failed ||= problem !== null || [unknown, foreign, unversioned].some((found) => found.length > 0);
  console.log(`${file}: ${bill.components.length} components, CycloneDX ${bill.specVersion}`);
}
process.exit(failed ? 1 : 0);
