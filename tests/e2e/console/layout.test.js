'use strict';
// The flow's picture is the same for the same hub, in whatever order its parts come, and changes little with them.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { pathToFileURL } = require('node:url');

const page = (name) => import(pathToFileURL(path.resolve('pages', name)).href);

// Numbers that look random and are the same in each run.
function* random(seed) {
  for (let x = seed; ;) {
    x = (x * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield x / 2_147_483_648;
  }
}

function shuffled(values, seed) {
  const numbers = random(seed);
  const all = [...values];
  for (let i = all.length - 1; i > 0; --i) {
    const j = Math.floor(numbers.next().value * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

function graph({ sources = 8, routes = 20, queues = 12, consumers = 6 } = {}, seed = 7) {
  const numbers = random(seed);
  const any = (n) => Math.floor(numbers.next().value * n);
  const column = (kind, count, at) => Array.from({ length: count }, (_, i) => ({ id: `${kind}:${i}`, name: `${kind} ${i}`, column: at }));
  const nodes = [...column('source', sources, 0), ...column('route', routes, 1), ...column('queue', queues, 2),
    ...column('consumer', consumers, 3)];
  const edges = [];
  for (let i = 0; i < routes; ++i) edges.push({ from: `source:${any(sources)}`, to: `route:${i}` }, { from: `route:${i}`, to: `queue:${any(queues)}` });
  for (let i = 0; i < queues; ++i) edges.push({ from: `queue:${i}`, to: `consumer:${any(consumers)}` });
  edges.push({ from: 'route:0', to: 'consumer:0' });
  return { nodes, edges };
}

const byId = ({ nodes }) => new Map(nodes.map((node) => [node.id, node]));

test('shuffled input gives the same coordinates', async () => {
  const { layout } = await page('views/flow/layout.js');
  const { nodes, edges } = graph();
  const first = layout({ nodes, edges }, { width: 1200 });
  for (let seed = 1; seed <= 20; ++seed) {
    const other = layout({ nodes: shuffled(nodes, seed), edges: shuffled(edges, seed + 100) }, { width: 1200 });
    assert.deepEqual(other, first, `seed ${seed}`);
  }
});

test('a route that is added moves no other node into another column', async () => {
  const { layout } = await page('views/flow/layout.js');
  const before = graph();
  const places = byId(layout(before, { width: 1200 }));
  for (let i = 0; i < 12; ++i) {
    const added = { nodes: [...before.nodes, { id: 'route:new', name: `route ${i}`, column: 1 }],
      edges: [...before.edges, { from: `source:${i % 8}`, to: 'route:new' }, { from: 'route:new', to: `queue:${i}` }] };
    const now = byId(layout(added, { width: 1200 }));
    for (const [id, { column, x, width }] of places)
      assert.deepEqual([now.get(id).column, now.get(id).x, now.get(id).width], [column, x, width], id);
  }
});

test('nothing overlaps, and all is inside the picture', async () => {
  const { layout } = await page('views/flow/layout.js');
  for (const [size, width] of [[{}, 1200], [{ sources: 1, routes: 1, queues: 1, consumers: 1 }, 800], [{ sources: 60, routes: 200, queues: 90, consumers: 40 }, 1600]]) {
    const { nodes, width: wide, height } = layout(graph(size), { width });
    for (const column of [0, 1, 2, 3]) {
      const stack = nodes.filter((node) => node.column === column).sort((a, b) => a.y - b.y);
      for (let i = 1; i < stack.length; ++i) assert.ok(stack[i].y >= stack[i - 1].y + stack[i - 1].height, `${stack[i].id} overlaps`);
    }
    for (const node of nodes)
      assert.ok(node.x >= 0 && node.y >= 0 && node.x + node.width <= wide + 1 && node.y + node.height <= height + 1, `${node.id} is outside`);
  }
});

test('an edge to a node that is not there is left out', async () => {
  const { layout } = await page('views/flow/layout.js');
  const { edges } = layout({ nodes: [{ id: 'a', name: 'a', column: 0 }], edges: [{ from: 'a', to: 'b' }] }, { width: 600 });
  assert.deepEqual(edges, []);
  const empty = layout({ nodes: [], edges: [] }, { width: 600 });
  assert.deepEqual(empty.nodes, []);
});

test('two hundred routes and a thousand queues are laid out in a moment', async () => {
  const { layout } = await page('views/flow/layout.js');
  const big = graph({ sources: 100, routes: 200, queues: 1_000, consumers: 100 });
  layout(big, { width: 1200 });
  const begun = performance.now();
  layout(big, { width: 1200 });
  assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
});
