'use strict';
// A hub of its own for a suite, with the certificates and identities that its modules need, and the tool beside it.
//
// HEADGATE_BIN_DIR says where headgated and headgate are, HEADGATE_PRELOAD a library that lets the hub believe its clock where the
// machine's is set by nobody: tokens end by clocks that are right alone.

const { execFile, execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { promisify } = require('node:util');
const { NoRetry } = require('azure-iot-common');
const { Client, ModuleClient } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');

const CLOUD = 'acme-plant.azure-devices.net';
const EDGE_DEVICE = 'edge-1';
const PATIENCE_MS = 30_000;

const binDir = process.env.HEADGATE_BIN_DIR;
if (!binDir) throw new Error('HEADGATE_BIN_DIR is not set');

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until `holds` gives something true, which it returns.
async function eventually(holds, what = 'what was waited for') {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come in ${PATIENCE_MS / 1000} s`);
    await later(20);
  }
}

// Fails if `promise` takes too long: the SDK itself waits for ever for some answers.
function inTime(promise, what, patienceMs = PATIENCE_MS) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} did not come`)), patienceMs).unref()),
  ]);
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

class Hub {
  // `more` is laid over the configuration; `workload`: modules have sockets there, see environment().
  static async start({ routes = {}, more = {}, workload = false } = {}) {
    const hub = new Hub();
    hub.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'headgate-sdk-'));
    hub.keys = new Map();
    [hub.tlsPort, hub.webPort, hub.plainPort] = [await freePort(), await freePort(), await freePort()];
    hub.makeCertificates();
    const files = { cert_file: hub.file('server.crt'), key_file: hub.file('server.key') };
    const edge = (transport, port) => ({ transport, address: '127.0.0.1', port, dialect: 'iot-edge', tls: files });
    hub.config = {
      data_dir: hub.file('data'),
      listeners: [edge('tls', hub.tlsPort), edge('wss', hub.webPort), { address: '127.0.0.1', port: hub.plainPort }],
      iot_edge: {
        hub_host_name: CLOUD,
        device_id: EDGE_DEVICE,
        gateway_names: ['localhost'],
        identities_file: hub.file('identities.json'),
      },
      routes,
      ...more,
    };
    if (workload) Object.assign(hub.config.iot_edge, { workload_dir: hub.file('workload'), trust_bundle_file: hub.file('ca.pem') });
    fs.writeFileSync(hub.file('headgate.json'), JSON.stringify(hub.config));
    await hub.launch();
    return hub;
  }

  file(name) {
    return path.join(this.dir, name);
  }

  makeCertificates() {
    const run = (...words) => execFileSync('openssl', words, { cwd: this.dir, stdio: 'pipe' });
    const subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    run('req', '-x509', ...subject, '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
    run('req', '-x509', '-CA', 'ca.pem', '-CAkey', 'ca.key', ...subject, '-subj', '/CN=localhost', '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE', '-keyout', 'server.key',
      '-out', 'server.crt');
    this.ca = fs.readFileSync(this.file('ca.pem'), 'utf8');
  }

  async launch() {
    this.log = fs.openSync(this.file('log'), 'a');
    this.process = spawn(path.join(binDir, 'headgated'), ['--config', this.file('headgate.json')], {
      cwd: this.dir,
      stdio: ['ignore', this.log, this.log],
      env: { ...process.env, ...(process.env.HEADGATE_PRELOAD ? { LD_PRELOAD: process.env.HEADGATE_PRELOAD } : {}) },
    });
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    await eventually(() => this.tool('status').then(() => true, () => false), 'the hub');
  }

  // As by a power cut of the process, then started again.
  async killAndLaunch() {
    this.process.kill('SIGKILL');
    await this.ended;
    await this.launch();
  }

  async stop() {
    this.process.kill('SIGTERM');
    await this.ended;
    fs.closeSync(this.log);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  // Output of `headgate WORDS`; an error has what it said.
  async tool(...words) {
    const { stdout } = await promisify(execFile)(path.join(binDir, 'headgate'), ['--socket', this.file('data/admin.sock'), ...words], {
      maxBuffer: 1 << 24,
    });
    return stdout;
  }

  async json(...words) {
    return JSON.parse(await this.tool(...words, '--json'));
  }

  // Registers "device" or "device/module"; returns its connection string.
  async register(id, more = []) {
    await this.tool('identity', 'add', id, '--file', this.file('identities.json'), ...more);
    await this.tool('reload');
    const text = await this.tool('identity', 'connection-string', id, '--config', this.file('headgate.json'));
    this.keys.set(id, /SharedAccessKey=([^;\n]*)/.exec(text)?.[1]);
    return this.connectionString(id);
  }

  connectionString(id, { key = this.keys.get(id), gateway = `localhost:${this.tlsPort}` } = {}) {
    const [device, module] = id.split('/');
    return `HostName=${CLOUD};GatewayHostName=${gateway};DeviceId=${device};` +
      (module ? `ModuleId=${module};` : '') + `SharedAccessKey=${key}`;
  }

  // Variables that a container of the module has, as `deploy render` writes them. `uri`: of another module's socket.
  async environment(id, { uri, generation, gateway = `localhost:${this.tlsPort}` } = {}) {
    const [device, module] = id.split('/');
    const known = (await this.json('identity', 'ls', '--file', this.file('identities.json'))).identities.find((one) => one.id === id);
    return {
      IOTEDGE_WORKLOADURI: uri ?? `unix://${this.file(`workload/${module}.sock`)}`,
      IOTEDGE_DEVICEID: device,
      IOTEDGE_MODULEID: module,
      IOTEDGE_MODULEGENERATIONID: generation ?? known.generation_id,
      IOTEDGE_IOTHUBHOSTNAME: CLOUD,
      IOTEDGE_GATEWAYHOSTNAME: gateway,
      IOTEDGE_AUTHSCHEME: 'sasToken',
      IOTEDGE_APIVERSION: '2021-12-07',
    };
  }

  // A counter of the hub by its name in /metrics, labels and all.
  counter(name) {
    return new Promise((resolve, reject) => {
      http.get({ socketPath: this.file('data/admin.sock'), path: '/metrics' }, (answer) => {
        let text = '';
        answer.on('data', (part) => (text += part));
        answer.on('end', () => resolve(Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0)));
      }).on('error', reject);
    });
  }

  // Connects to the port of WebSocket and HTTPS, whatever port the SDK takes for granted.
  agent() {
    const port = this.webPort;
    const ca = this.ca;
    const agent = new https.Agent({ keepAlive: false });
    agent.createConnection = (options, done) =>
      tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ca, ALPNProtocols: options.ALPNProtocols }, done);
    return agent;
  }

  // A client of the SDK that is set up and not connected. `web`: over WebSocket.
  async client(id, { web = false, retry = false, key, ...options } = {}) {
    const text = this.connectionString(id, { key, gateway: web ? 'localhost' : `localhost:${this.tlsPort}` });
    const Kind = id.includes('/') ? ModuleClient : Client;
    const client = Kind.fromConnectionString(text, web ? MqttWs : Mqtt);
    client.on('error', () => {});
    if (!retry) client.setRetryPolicy(new NoRetry());
    const agent = this.agent();
    await client.setOptions({ ca: this.ca, http: { agent }, ...(web ? { mqtt: { webSocketAgent: agent } } : {}), ...options });
    return client;
  }

  async open(id, options) {
    const client = await this.client(id, options);
    await inTime(client.open(), `CONNACK of ${id}`);
    return client;
  }
}

module.exports = { CLOUD, EDGE_DEVICE, Hub, eventually, inTime, later };
