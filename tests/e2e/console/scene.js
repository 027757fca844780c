'use strict';
// A site for the console to look at: a hub with its HTTP server and three tokens, a Mosquitto as the cloud, publishers, modules and
// consumers, and what goes wrong at sites. Everything is on loopback, with free ports and a folder of its own.
//
//   const scene = await startScene(['full', 'dead'], {bin});     PARTS names what there is besides the site itself
//   … scene.url, scene.tokens.operate, await scene.json('queue', 'ls'), await scene.killHub() …
//   await scene.stop();
//
// The part 'empty' alone: a hub as it is installed, without routes, links and clients.
//
// As a program: node scene.js --bin DIR [--parts full,dead] [--stay] [--minutes 40] [--port N]; prints where the console is.

const { execFile, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { parseArgs, promisify } = require('node:util');
const mqtt = require('mqtt');

const PATIENCE_MS = 30_000;
const PARTS = ['full', 'broken', 'dead', 'paused', 'away', 'budget', 'hostile', 'outage'];
const MACHINES = ['press-1', 'press-2', 'oven-1', 'oven-2', 'mill-1'];
// The cloud takes no message that is larger. Batches stay below, and noise of NOISE_BYTES does not: it becomes a dead letter.
const CLOUD_BYTES_MAX = 20_000;
const NOISE_BYTES = 30_000;

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until `holds` gives something true, which it returns.
async function eventually(holds, what = 'what was waited for', patienceMs = PATIENCE_MS) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come in ${patienceMs / 1000} s`);
    await later(50);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const listens = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => {
    socket.destroy();
    resolve(true);
  });
  socket.once('error', () => resolve(false));
});

// ---- what there is ----

// Routes of the demo: readings to a detector, its scores to a filter, and up what the hub computes of them.
const SITE_ROUTES = {
  'readings-to-detector':
    "FROM /messages/modules/sensor/outputs/readings INTO BrokeredEndpoint('/modules/detector/inputs/readings')",
  'scores-to-filter':
    "FROM /messages/modules/detector/outputs/scores INTO BrokeredEndpoint('/modules/filter/inputs/scores')",
  'alerts-up': {
    route: 'SELECT $body.machine AS machine, $body.time AS time, $body.score AS score' +
      ' FROM /messages/modules/detector/outputs/scores WHERE rising($body.score > 0.9) OVER ($body.machine)' +
      " INTO Upstream('alerts/{$body.machine}')",
    priority: 0, link: ['lte', 'fiber'],
  },
  'alarms-up': {
    route: "FROM /messages/modules/filter/outputs/anomalies WHERE $body.state = 'open' INTO $upstream",
    priority: 0, link: ['lte', 'fiber'],
  },
  'hours-up': {
    route: 'SELECT $body.machine AS machine, $window.start AS since, count(*) AS readings, avg($body.value) AS average,' +
      ' max($body.value) AS peak, count_if($body.score >= 0.8) AS anomalies' +
      ' FROM /messages/modules/detector/outputs/scores TIMESTAMP BY $body.time OVER $body.machine' +
      ' GROUP BY $body.machine, Tumbling(1h) INTO $upstream',
    priority: 5,
  },
  'minutes-up': {
    route: 'SELECT topic_level(2) AS machine, avg($body.celsius) AS celsius, count(*) AS readings' +
      " FROM 'plant/+/temperature' GROUP BY topic_level(2), Tumbling(1m) INTO $upstream",
    priority: 4,
  },
  'temperatures-up': { route: "FROM 'plant/+/temperature' INTO $upstream", priority: 7, timeToLiveSecs: 86_400 },
  'hot-to-display': "FROM 'plant/+/temperature' WHERE $body.celsius > 80 INTO Topic('display/hot')",
};

const PART_ROUTES = {
  full: {
    'frames-to-recorder': {
      route: "FROM 'camera/+/frames' INTO BrokeredEndpoint('/modules/recorder/inputs/frames')",
      queue: { maxBytes: '64KiB', onFull: 'reject' },
    },
    'frames-to-archive': {
      route: "FROM 'camera/+/stills' INTO BrokeredEndpoint('/modules/archive/inputs/stills')",
      queue: { maxMessages: 40, onFull: 'drop-oldest' },
    },
  },
  dead: {
    'diagnostics-up': "FROM 'diagnostics/#' INTO $upstream",
    'no-temperature': "FROM 'plant/+/temperature' WHERE NOT is_defined($body.celsius) INTO $deadletter",
  },
  paused: { 'orders-to-press': "FROM 'orders/#' INTO BrokeredEndpoint('/modules/press/inputs/orders')" },
  budget: { 'reports-up': { route: "FROM 'reports/#' INTO $upstream", priority: 2, link: 'satellite' } },
  hostile: {
    '<img src=x onerror=alert(1)>': "FROM 'hostile/#' INTO BrokeredEndpoint('/modules/<img src=x onerror=alert(2)>/inputs/in')",
  },
};

const BROKEN_ROUTES = {
  'broken.json': JSON.stringify({
    routes: { 'too-hot': "FROM 'plant/+/temperature' WHERE $body.celsius >> 80 INTO $upstream" },
  }, null, 2),
};

// Names that do harm where they are taken for markup, for a path or for the order of letters.
const HOSTILE = {
  clients: [
    "<img src=x onerror=\"document.title='pwned'\">",
    "\"><script>document.title='pwned'</script>",
    'invoice\u202Efdp.exe',
    'x'.repeat(60_000),
    '../../etc/passwd?token=1#/store',
    'javascript:alert(1)',
  ],
  topics: [
    "hostile/<img src=x onerror=\"document.title='pwned'\">",
    "hostile/<script>document.title='pwned'<\u2215script>",
    'hostile/photo\u202Egpj.exe',
    'hostile/%2e%2e%2f?a=1&b=2',
    'hostile/__proto__/constructor',
    `hostile/${'deep/'.repeat(60)}end`,
    `hostile/${'long'.repeat(900)}`,
  ],
  payloads: [
    "<img src=x onerror=\"document.title='pwned'\">",
    JSON.stringify({ note: "<script>document.title='pwned'</script>", name: 'a\u202Eb', __proto__x: 1 }),
    '{"__proto__": {"polluted": true}, "constructor": 1}',
    crypto.createHash('sha512').update('binary').digest(),
    Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80, 10, 13, 0x1b, 0x5b, 0x33, 0x31, 0x6d]),
    JSON.stringify({ rows: Array.from({ length: 9_000 }, (_, i) => ({ i, text: `row ${i} of a huge payload that goes on and on` })) }),
    '['.repeat(60) + ']'.repeat(60),
    '',
  ],
};

// ---- the scene ----

class Scene {
  constructor(parts, { bin, folder, port, rate }) {
    this.parts = new Set(parts);
    this.bin = bin;
    this.rate = rate;
    this.folder = folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'headgate-console-'));
    this.ownsFolder = !folder;
    this.httpPort = port;
    this.clients = [];
    this.timers = [];
    this.processes = new Map();
    this.tokens = {};
  }

  file(...names) {
    return path.join(this.folder, ...names);
  }

  get url() {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  has(part) {
    return this.parts.has(part);
  }

  // ---- the hub ----

  async prepare() {
    fs.mkdirSync(this.file('routes'), { recursive: true });
    this.httpPort ??= await freePort();
    [this.port, this.cloudPort] = [await freePort(), await freePort()];
    const users = { read: 'viewer', operate: 'ann', admin: '$operator' };
    const lines = Object.entries(users).map(([role, user]) => {
      this.tokens[role] = `hg_${role}_${crypto.randomBytes(9).toString('hex')}`;
      return `${role} ${user} ${this.tokens[role]}`;
    });
    fs.writeFileSync(this.file('tokens'), lines.join('\n') + '\n', { mode: 0o600 });
    if (this.has('broken'))
      for (const [name, text] of Object.entries(BROKEN_ROUTES)) fs.writeFileSync(this.file('routes', name), text);
    fs.writeFileSync(this.file('headgate.json'), JSON.stringify(this.config(), null, 2));
    fs.writeFileSync(this.file('cloud.conf'), `listener ${this.cloudPort} 127.0.0.1\nallow_anonymous true\npersistence false\n` +
      `max_queued_messages 0\nmessage_size_limit ${CLOUD_BYTES_MAX}\n`);
  }

  config() {
    return this.has('empty') ? this.bareConfig() : this.siteConfig();
  }

  bareConfig() {
    return {
      hub_id: 'site-7', data_dir: this.file('data'), listeners: [{ address: '127.0.0.1', port: this.port }],
      admin: { http: { address: '127.0.0.1', port: this.httpPort, token_file: this.file('tokens') } },
    };
  }

  siteConfig() {
    const all = ['publish', 'subscribe', 'receive'];
    const link = { host: '127.0.0.1', port: this.cloudPort };
    return {
      ...this.bareConfig(),
      access: {
        rules: [
          { who: { anonymous: true }, allow: all, topics: ['#', '$SYS/#'] },
          { who: { users: ['ann'] }, allow: all, topics: ['#', '$SYS/#'] },
          { who: { users: ['viewer'] }, allow: ['subscribe', 'receive'], topics: ['plant/#', 'modules/#'] },
        ],
      },
      upstream: { backoff: { base_ms: 500, cap_ms: 5_000 }, batch: { linger_ms: 250, compressed_bytes_max: 12_000 } },
      links: {
        fiber: link,
        lte: { ...link, cost: 'metered', priority_max: 2, budget: { day_bytes: 50_000_000, month_bytes: 1_000_000_000 } },
        ...(this.has('budget') ? { satellite: { ...link, cost: 'expensive', priority_max: 2, budget: { day_bytes: 6_000 } } } : {}),
      },
      history: { filter: ['plant/#', 'modules/#'] },
      routes: Object.assign({}, SITE_ROUTES, ...[...this.parts].map((part) => PART_ROUTES[part] ?? {})),
      routes_dir: this.file('routes'),
    };
  }

  spawn(name, program, words) {
    const log = fs.openSync(this.file(`${name}.log`), 'a');
    const child = spawn(program, words, { cwd: this.folder, stdio: ['ignore', log, log] });
    fs.closeSync(log);
    child.ended = new Promise((resolve) => child.once('exit', (code) => {
      child.gone = true;
      resolve(code);
    }));
    child.once('error', (error) => (child.gone = error));
    this.processes.set(name, child);
    return child;
  }

  async end(name, signal = 'SIGKILL') {
    const child = this.processes.get(name);
    if (!child || child.gone) return;
    child.kill(signal);
    await child.ended;
  }

  logOf(name) {
    return fs.readFileSync(this.file(`${name}.log`), 'utf8');
  }

  async startHub() {
    const child = this.spawn('hub', path.join(this.bin, 'headgated'), ['--config', this.file('headgate.json')]);
    await eventually(async () => {
      if (child.gone) throw new Error(`the hub ended by itself; it said:\n${this.logOf('hub').slice(-2000)}`);
      return (await this.api('GET', '/readyz').catch(() => ({}))).status === 200;
    }, 'the hub');
    this.pid = child.pid;
  }

  killHub() {
    return this.end('hub');
  }

  async restartHub() {
    await this.end('hub');
    await this.startHub();
  }

  async startCloud() {
    const program = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find((one) => fs.existsSync(one)) ?? 'mosquitto';
    this.spawn('cloud', program, ['-c', this.file('cloud.conf')]);
    await eventually(() => listens(this.cloudPort), 'the cloud');
  }

  stopCloud() {
    return this.end('cloud');
  }

  // Output of `headgate WORDS`; an error has what it said.
  async tool(...words) {
    const { stdout } = await promisify(execFile)(path.join(this.bin, 'headgate'), ['--socket', this.file('data/admin.sock'), ...words],
      { maxBuffer: 1 << 26 });
    return stdout;
  }

  async json(...words) {
    return JSON.parse(await this.tool(...words, '--json'));
  }

  // {status, headers, body} of a request to the API; `body` is parsed if it is JSON.
  api(method, target, { token = this.tokens.admin, body, headers = {} } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request(this.url + target, {
        method, agent: false,
        headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), 'Content-Type': 'application/json', ...headers },
      }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          let parsed = text;
          try {
            parsed = JSON.parse(text);
          } catch {
            // It stays a text.
          }
          resolve({ status: response.statusCode, headers: response.headers, body: parsed });
        });
      });
      request.once('error', reject);
      request.end(body);
    });
  }

  async queue(name) {
    return (await this.json('queue', 'ls')).queues.find((queue) => queue.name === name);
  }

  // ---- clients ----

  // A client of the hub, or of another port, that is connected. Errors of its connection are for it to mend.
  async client(id, { port = this.port, clean = true, ...options } = {}) {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      clientId: id, clean, protocolVersion: 5, reconnectPeriod: 500, connectTimeout: 10_000,
      properties: clean ? undefined : { sessionExpiryInterval: 86_400 }, ...options,
    });
    client.setMaxListeners(0);
    client.on('error', () => {});
    this.clients.push(client);
    await eventually(() => client.connected, `the connection of ${id.slice(0, 40)}`);
    return client;
  }

  every(ms, act) {
    this.timers.push(setInterval(act, ms));
  }

  // Publishes once, and waits for the acknowledgement; an error says that the hub refused.
  async publish(topic, payload, { client = this.hand, qos = 1, ...options } = {}) {
    const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    await client.publishAsync(topic, body, { qos, ...options });
  }

  // What comes at a moment when nothing can be sent is not kept: the scene goes on by what is there then.
  say(client, topic, body, qos = 1) {
    if (client.connected) client.publish(topic, JSON.stringify(body), { qos }, () => {});
  }

  async startModules() {
    const sensor = await this.client('sensor', { clean: false });
    const detector = await this.module('detector', 'readings', (reading, self) => {
      const score = Math.min(1, Math.abs(reading.value - 86) / 30);
      this.say(self, 'modules/detector/outputs/scores', { ...reading, score: Number(score.toFixed(4)) });
    });
    let open = false;
    const filter = await this.module('filter', 'scores', (score, self) => {
      if (score.score >= 0.8 === open) return;
      open = !open;
      this.say(self, 'modules/filter/outputs/anomalies', { id: score.id, machine: score.machine, state: open ? 'open' : 'closed' });
    });
    let number = 0;
    this.every(1000 / this.rate, () => {
      const fault = number % 400 > 370 ? 32 : 0;
      this.say(sensor, 'modules/sensor/outputs/readings', {
        id: `r-${number}`, machine: 'press-1', time: 1_767_225_600 + 300 * number, value: 86 + 6 * Math.sin(number / 40) + fault,
      });
      number += 1;
    });
    return { sensor, detector, filter };
  }

  async module(name, input, act) {
    const client = await this.client(name, { clean: false });
    client.on('message', (_topic, payload) => act(JSON.parse(payload), client));
    await client.subscribeAsync(`modules/${name}/inputs/${input}`, { qos: 1 });
    return client;
  }

  async startPlant() {
    let turn = 0;
    for (const machine of MACHINES) await this.client(machine);
    const clients = new Map(this.clients.map((client) => [client.options.clientId, client]));
    this.every(1000, () => {
      turn += 1;
      MACHINES.forEach((machine, i) => this.say(clients.get(machine), `plant/${machine}/temperature`,
        { celsius: Number((70 + 12 * Math.sin((turn + 13 * i) / 15)).toFixed(2)), turn }));
    });
    const display = await this.client('display');
    await display.subscribeAsync('display/#', { qos: 0 });
    this.hand = await this.client('operator-laptop');
  }

  async start() {
    await this.prepare();
    if (this.has('empty')) await this.startHub();
    else await this.startSite();
    return this;
  }

  async startSite() {
    await this.startCloud();
    const collector = await this.client('collector', { port: this.cloudPort, clean: false });
    const listen = () => collector.subscribe('headgate/+/batches', { qos: 1 }, () => {});
    collector.on('connect', listen);
    listen();
    await this.startHub();
    await this.startPlant();
    await this.startModules();
    for (const part of PARTS) if (this.has(part)) await this[part]();
  }

  // No more traffic: waits until no counter moves.
  async quiet() {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    let before = '';
    await eventually(async () => {
      const now = JSON.stringify([await this.json('queue', 'ls'), await this.json('route', 'ls')]);
      const same = now === before;
      before = now;
      if (!same) await later(300);
      return same;
    }, 'silence');
  }

  async stop() {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    await Promise.all(this.clients.splice(0).map((client) => client.endAsync(true).catch(() => {})));
    await this.end('hub', 'SIGTERM');
    await this.end('cloud', 'SIGTERM');
    if (this.ownsFolder) fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // ---- what goes wrong ----

  // Two queues that nobody drains: one refuses what comes, the other drops what is oldest.
  async full() {
    const camera = await this.client('camera-1');
    const frame = Buffer.alloc(4_000, 'frame ');
    const refused = async () => {
      for (let i = 0; i < 40; ++i) await this.publish('camera/1/frames', frame, { client: camera });
    };
    await refused().catch(() => {});
    for (let i = 0; i < 60; ++i) await this.publish('camera/1/stills', { number: i }, { client: camera });
    this.every(2_000, () => {
      this.say(camera, 'camera/1/frames', { frame: frame.toString() });
      this.say(camera, 'camera/1/stills', { at: Date.now() });
    });
  }

  // A file of routes that does not compile lies in the directory of routes from the start.
  async broken() {}

  // Two letters: a message that the cloud's broker refuses for its size, and one without the value that it should have.
  async dead() {
    await this.publish('diagnostics/press-1', crypto.randomBytes(NOISE_BYTES));
    await this.publish('plant/press-2/temperature', { status: 'warming up' });
    await eventually(async () => (await this.json('dlq', 'ls')).dead_letters.length >= 2, 'two dead letters');
  }

  // A queue that an operator has paused, whose module is there.
  async paused() {
    await this.module('press', 'orders', () => {});
    await this.tool('queue', 'pause', 'modules/press/inputs/orders');
    for (let i = 1; i <= 12; ++i)
      await this.publish(`orders/press/${i}`, { order: i, part: 'flange' }).catch(() => {});
  }

  // A client with a session that has gone, and what waits for it.
  async away() {
    const terminal = await this.client('terminal-3', { clean: false });
    await terminal.subscribeAsync('plant/+/temperature', { qos: 1 });
    await terminal.endAsync(true);
  }

  // A link whose budget of the day is soon spent.
  async budget() {
    for (let i = 0; i < 30; ++i) await this.publish('reports/shift', crypto.randomBytes(600).toString('base64'));
    this.every(10_000, () => this.say(this.hand, 'reports/shift', { at: Date.now() }));
  }

  async hostile() {
    for (const id of HOSTILE.clients) {
      const client = await this.client(id, { clean: false });
      await client.subscribeAsync('hostile/#', { qos: 1 });
      if (id.includes('script') || id.length > 1000) await client.endAsync(true);
    }
    for (const topic of HOSTILE.topics)
      await this.publish(topic, HOSTILE.payloads[1], { properties: { userProperties: { '<b onclick=alert(1)>': '<i>' } } });
    for (const payload of HOSTILE.payloads) await this.publish(HOSTILE.topics[0], payload);
    const will = await this.client('<svg onload=alert(1)>');
    await will.endAsync(true);
  }

  // The cloud is away: what goes up waits.
  async outage() {
    await this.stopCloud();
  }
}

// `parts` of PARTS; options: bin (where headgated and headgate are), folder (kept; without it one that goes at the end), port (of the
// hub's HTTP server), rate (readings a second of the sensor). stop() ends all that was started.
async function startScene(parts = [], { bin = process.env.HEADGATE_BIN_DIR, folder, port, rate = 5 } = {}) {
  if (!bin) throw new Error('HEADGATE_BIN_DIR is not set');
  const scene = new Scene(parts, { bin: path.resolve(bin), folder, port, rate });
  try {
    return await scene.start();
  } catch (error) {
    await scene.stop().catch(() => {});
    throw error;
  }
}

module.exports = { HOSTILE, MACHINES, PARTS, eventually, freePort, later, startScene };

async function main() {
  const { values } = parseArgs({
    options: {
      bin: { type: 'string' }, parts: { type: 'string', default: PARTS.join(',') }, folder: { type: 'string' },
      port: { type: 'string' }, rate: { type: 'string', default: '5' }, minutes: { type: 'string', default: '40' },
      stay: { type: 'boolean', default: false },
    },
  });
  const parts = values.parts.split(',').filter(Boolean);
  const scene = await startScene(parts, { bin: values.bin, folder: values.folder, port: values.port && Number(values.port),
    rate: Number(values.rate) });
  console.log(JSON.stringify({ url: scene.url, tokens: scene.tokens, mqtt: scene.port, folder: scene.folder, hub: scene.pid, pid: process.pid }));
  let ended = false;
  const end = async () => {
    if (ended) return;
    ended = true;
    await scene.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);
  // SIGUSR1 kills the hub and starts it again; SIGUSR2 has the cloud come and go.
  process.on('SIGUSR1', () => scene.restartHub());
  process.on('SIGUSR2', () => (scene.processes.get('cloud').gone ? scene.startCloud() : scene.stopCloud()));
  if (!values.stay) return end();
  setTimeout(end, Number(values.minutes) * 60_000);
}

if (require.main === module) {
  main().catch((error) => {
    console.error(`scene: ${error.message}`);
    process.exit(1);
  });
}
