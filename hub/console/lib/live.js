// What the hub is like now, kept up to date by GET /v1/live: once everything, then each second what has changed. Views read
// the model and are called after each change; they never poll for it.

import {session} from './api.js';

const ALWAYS = ['status', 'queues', 'routes', 'upstream', 'forecast', 'events'];
const SILENCE_MS = 20_000;  // the hub says something each second: after this it is taken to be away
const RETRY_MS = 2_000;
const EVENTS_MAX = 1_000;
const SMOOTH = 0.4;  // weight of the last second in a rate
const RATED = {queues: ['in', 'delivered', 'expired', 'dropped', 'dead'], routes: ['evaluated', 'matched', 'results']};

export class Live {
  constructor({onSignedOut = () => {}} = {}) {
    this.state = 'starting';   // 'on' | 'away'
    this.away_since_ms = 0;
    this.now_ms = 0;           // of the hub, when the model was last right
    this.status = null;
    this.queues = new Map();
    this.routes = new Map();
    this.clients = null;       // a Map once somebody has asked for more('clients')
    this.tables = [];
    this.upstream = {links: [], queues: []};
    this.forecast = {links: [], first_to_expire: null};
    this.events = [];          // oldest first
    this.in_rate = 0;          // messages a second
    this.out_rate = 0;
    this.changes = 0;
    this.#onSignedOut = onSignedOut;
  }

  #onSignedOut;
  #listeners = new Set();
  #wanted = new Map();  // parts beyond ALWAYS, and how many want them
  #source = null;
  #silence = 0;
  #retry = 0;
  #known = {inForce: new Map(), shadows: new Map()};  // routes
  #rates = new Map();   // 'queues/NAME' → {at_ms, values, rates}

  // Calls `listener` after each change; returns the end of it.
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // Has a part besides, until the end that it returns.
  more(part) {
    const wanted = this.#wanted.get(part) ?? 0;
    this.#wanted.set(part, wanted + 1);
    if (wanted === 0 && this.#source) this.open();
    return () => {
      const left = this.#wanted.get(part) - 1;
      if (left > 0) return this.#wanted.set(part, left);
      this.#wanted.delete(part);
      if (part === 'clients') this.clients = null;
      if (this.#source) this.open();
    };
  }

  open() {
    this.close();
    const parts = [...ALWAYS, ...this.#wanted.keys()].join(',');
    const source = this.#source = new EventSource('/v1/live?parts=' + parts);
    source.onmessage = (event) => this.#take(JSON.parse(event.data));
    // Lines were lost between two that came: what the model says may be wrong, so it begins anew.
    source.addEventListener('lost', (event) => {
      if (JSON.parse(event.data).events) this.open();
    });
    source.onerror = () => {
      this.#beAway();
      if (source.readyState === EventSource.CLOSED) this.#again();
    };
    this.#listen();
  }

  close() {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  // Messages a second of a queue's or a route's counter: rate('queues', 'cloud', 'in').
  rate(kind, name, field) {
    return this.#rates.get(kind + '/' + name)?.rates[field] ?? 0;
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#beAway();
      this.open();
    }, SILENCE_MS);
  }

  // The browser connects anew by itself unless the answer was no stream: signed out, or something else in the hub's place.
  #again() {
    this.close();
    this.#retry = setTimeout(async () => {
      try {
        if (await session() === null) return this.#onSignedOut();
      } catch {
        // Away still.
      }
      this.open();
    }, RETRY_MS);
  }

  #beAway() {
    if (this.state === 'away') return;
    this.state = 'away';
    this.away_since_ms = Date.now();
    this.#tell();
  }

  #tell() {
    ++this.changes;
    for (const listener of [...this.#listeners]) listener();
  }

  #take(said) {
    this.#listen();
    if (said.first) this.#forget();
    this.state = 'on';
    const before = this.status;
    const passed_s = Math.max(0.2, (said.now_ms - this.now_ms) / 1000);
    this.now_ms = said.now_ms;
    if (said.status) this.status = said.status;
    if (said.upstream) this.upstream = said.upstream;
    if (said.forecast) this.forecast = said.forecast;
    if (said.routes?.tables) this.tables = said.routes.tables;
    this.#merge(this.queues, said.queues, 'name');
    this.#mergeRoutes(said.routes);
    if (said.clients) this.#merge(this.clients ??= new Map(), said.clients, 'client_id');
    if (said.events) this.events = [...this.events, ...said.events].slice(-EVENTS_MAX);
    for (const kind of Object.keys(RATED)) this.#measure(kind, passed_s);
    if (before && this.status) this.#measureHub(before, passed_s);
    // The first line is long: what is drawn of it has a task of its own, so that the page answers in between.
    if (said.first) setTimeout(() => this.#tell());
    else this.#tell();
  }

  // Rates stay: counters go on where a stream is opened anew, and begin anew where a hub has.
  #forget() {
    this.queues = new Map();
    this.routes = new Map();
    this.#known = {inForce: new Map(), shadows: new Map()};
    if (this.clients) this.clients = new Map();
    this.events = [];
    this.status = null;
  }

  #merge(rows, said, key) {
    for (const name of said?.gone ?? []) rows.delete(name);
    for (const row of said?.changed ?? []) rows.set(row[key], row);
  }

  // A shadow route may have the name of one in force, which is the one found by it then.
  #mergeRoutes(said) {
    if (!said) return;
    const {inForce, shadows} = this.#known;
    for (const name of said.gone ?? []) inForce.delete(name);
    for (const name of said.gone_shadows ?? []) shadows.delete(name);
    for (const row of said.changed ?? []) (row.shadow ? shadows : inForce).set(row.name, row);
    this.routes = new Map(inForce);
    for (const [name, row] of shadows) this.routes.set(inForce.has(name) ? name + '\0shadow' : name, row);
  }

  #measure(kind, passed_s) {
    for (const [name, row] of this[kind]) {
      const key = kind + '/' + name;
      const known = this.#rates.get(key);
      if (!known) {
        this.#rates.set(key, {row, rates: {}});
        continue;
      }
      for (const field of RATED[kind])
        known.rates[field] = smooth(known.rates[field] ?? 0, known.row[field], row[field], passed_s);
      known.row = row;
    }
  }

  #measureHub(before, passed_s) {
    this.in_rate = smooth(this.in_rate, total(before.messages_in), total(this.status.messages_in), passed_s);
    this.out_rate = smooth(this.out_rate, total(before.messages_out), total(this.status.messages_out), passed_s);
  }
}

const total = (value) => typeof value === 'object' && value ? Object.values(value).reduce((a, b) => a + b, 0) : value;

// A counter that fell has begun anew: a restart, or a route that was loaded again.
function smooth(rate, before, now, passed_s) {
  const last = Math.max(0, ((now ?? 0) - (before ?? 0)) / passed_s);
  const next = rate + SMOOTH * (last - rate);
  return next < 0.005 ? 0 : next;
}
