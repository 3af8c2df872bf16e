// Reads JSON-LD with the reference library and says what it would lose.
//
//     node check.mjs FOLDER FILE...    FOLDER: where npm put the library
//
// Safe mode refuses whatever a context drops: a key without a meaning, a
// relative address, a value of no type.  Nothing is fetched.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, ...files] = process.argv.slice(2);
const jsonld = createRequire(folder + '/')('jsonld');
const documentLoader = (url) => {
  throw new Error('it would fetch ' + url);
};
const options = { safe: true, documentLoader };
let failed = 0;

for (const file of files) {
  try {
    const document = JSON.parse(readFileSync(file, 'utf8'));
    const [first] = await jsonld.expand(document, options);
    if (first === undefined && document['@graph']?.length !== 0)
      throw new Error('nothing is said');
    const quads = await jsonld.toRDF(document, {
      ...options,
      format: 'application/n-quads',
    });
    const count = quads.split('\n').length - 1;
    console.log(`ok - ${file}: ${count} statements`);
  } catch (error) {
    failed++;
    const what = error.details?.event?.message ?? error.message;
    console.log(`not ok - ${file}: ${what}`);
  }
}
process.exit(failed ? 1 : 0);
