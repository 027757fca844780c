const { readFileSync } = require('fs');
const { spawnSync } = require('child_process');

const paths = process.argv.slice(2);
const options = paths[0] === '--dictionary' ? ['-D', paths.splice(0, 2)[1]] : [];
const seen = new Set();
for (const path of paths) {
  const frame = readFileSync(path);
  const idBytes = [0, 1, 2, 4][frame[4] & 3]; // of the dictionary
  const needed = idBytes ? frame.readUIntLE(frame[4] & 32 ? 5 : 6, idBytes) : 'none';
  const { status, stdout } = spawnSync('zstd', ['-dc', ...options], { input: frame, maxBuffer: 1 << 30 });
  if (status) process.exit(console.error(`${path} cannot be read; its --dictionary is ${needed}`) || 1);
  const batch = JSON.parse(stdout);
  for (const row of batch.m) {
    const identity = JSON.stringify([batch.hub, batch.ep, row.i]);
    if (!seen.has(identity)) console.log(JSON.stringify([row.i, row.k, 'b' in row ? row.b : row.s ?? row.x]));
    seen.add(identity);
  }
}
