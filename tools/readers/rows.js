const { execFileSync } = require('child_process');

const seen = new Set();
for (const path of process.argv.slice(2)) {
  const batch = JSON.parse(execFileSync('zstd', ['-dc', path], { maxBuffer: 1 << 30 }));
  for (const row of batch.m) {
    const identity = JSON.stringify([batch.hub, batch.ep, row.i]);
    if (!seen.has(identity)) console.log(JSON.stringify([row.i, row.k, 'b' in row ? row.b : row.s ?? row.x]));
    seen.add(identity);
  }
}
