// Who is connected or has a session: what each may do, what it is behind with, and why it is not read.
import {h, name, replace, setNumber, setText, short, visible} from '../lib/dom.js';
import {get, path, post} from '../lib/api.js';
import {act, ask} from '../lib/dialog.js';
import {bytes, count, duration, plural, utc, when} from '../lib/format.js';
import {link, replaceParams} from '../lib/router.js';
import {Table, filterBox} from '../lib/table.js';

const ID_BYTES_MAX = 12_000;  // in an address: a request's head has 16 KiB
const DENIED = ['publish', 'subscribe', 'receive'];

const denied = (client) => DENIED.reduce((sum, what) => sum + client.denied[what], 0);

// Why a client is not as it should be, in words; empty: nothing is wrong.
function trouble(client) {
  const backlog = plural(client.queued_messages, 'message');
  if (client.paused) return `not read: ${plural(client.held, 'publish', 'publishes')} wait for room in a queue`;
  if (client.held > 0) return `${plural(client.held, 'publish', 'publishes')} wait for room in a queue`;
  if (!client.connected && client.queued_messages > 0) return `away since ${when(client.since_ms)}; ${backlog} wait for it`;
  if (denied(client) > 0) return `${plural(denied(client), 'thing')} denied for lack of a right`;
  if (client.dropped > 0) return `${plural(client.dropped, 'message')} not delivered: too many waited, too large, or expired`;
  return '';
}

const who = (client) => client.username || (client.module ? `${client.device}/${client.module}` : 'anonymous');

export default {
  title: 'Clients',
  mount(root, route, app) {
    const noMore = app.live.more('clients');
    let inside = null;
    function open(next) {
      inside?.unmount?.();
      replace(root);
      inside = next.name ? one(root, next.name, app) : list(root, next, app);
      inside.update();
    }
    open(route);
    return {
      update: () => inside.update(),
      route: open,
      unmount() {
        noMore();
        inside.unmount?.();
      },
    };
  },
};

// ---- all ----

function list(root, route, {live}) {
  let find = route.params.get('find') ?? '';
  let only = route.params.get('trouble') === '1';
  const table = new Table({
    caption: 'Clients', keyOf: (client) => client.client_id, empty: 'No client fits.',
    rowClass: (client) => client.paused ? 'bad' : trouble(client) ? 'warn' : '', sort: {field: 'client_id', down: false},
    columns: [
      {title: 'Client', field: 'client_id', head: true,
       cell: (td, client) => td.append(h('a', {href: link('clients', client.client_id), title: visible(client.client_id).slice(0, 1000)},
                                        name(short(client.client_id, 60))))},
      {title: 'User', field: 'username', value: who, show: (value) => short(value, 40)},
      {title: 'State', field: 'connected', value: (client) => client.connected ? 1 : 0,
       show: (value, client) => client.connected ? 'connected' : 'away'},
      {title: 'Since', field: 'since_ms', kind: 'time', value: (client) => client.since_ms, show: (ms) => when(ms)},
      {title: 'In flight', field: 'in_flight', number: true, show: count},
      {title: 'Waiting', field: 'queued_messages', number: true, show: count},
      {title: 'In', field: 'messages_in', number: true, show: count},
      {title: 'Out', field: 'messages_out', number: true, show: count},
      {title: 'Trouble', field: 'trouble', value: trouble},
    ],
  });
  const said = h('p', {class: 'said', role: 'status'});
  const check = h('input', {type: 'checkbox', checked: only, onchange: () => {
    only = check.checked;
    replaceParams({trouble: only});
    draw();
  }});
  root.append(h('div', {class: 'head'}, h('h1', {}, 'Clients'), h('label', {}, check, ' only trouble'),
                filterBox({label: 'Find a client', value: find, placeholder: 'client id, user, address\u2026', onInput: (text) => {
                  find = text;
                  replaceParams({find});
                  draw();
                }})), said, table.element);

  function draw() {
    if (!live.clients) return setText(said, 'Asking the hub\u2026');
    const wanted = find.toLowerCase();
    const all = [...live.clients.values()];
    const fit = all.filter((client) => (!only || trouble(client)) &&
      (!wanted || `${client.client_id} ${who(client)} ${client.address}`.toLowerCase().includes(wanted)));
    const connected = all.filter((client) => client.connected).length;
    setText(said, all.length === 0 ? 'Nobody has connected yet. Try: mosquitto_sub -p 1883 -t \u2018#\u2019 -i me -c -q 1'
      : `${count(connected)} connected, ${count(all.length - connected)} away with a session; ${plural(fit.length, 'client')} shown`);
    table.show(fit);
  }
  return {update: draw};
}

// ---- one ----

const FACTS = [
  ['User', 'username', who], ['Address', 'address', (client) => client.address || '\u2013'],
  ['Protocol', 'protocol', (client) => client.protocol ? 'MQTT ' + client.protocol : '\u2013'],
  ['Session', 'persistent', (client) => client.persistent ? 'kept while it is away' : 'ends with the connection'],
  ['State', 'since_ms', (client) => `${client.connected ? 'connected' : 'away'} since ${when(client.since_ms)}`],
  ['Last packet', 'last_seen_ms', (client) => when(client.last_seen_ms)],
];
const NUMBERS = [
  ['Connects', 'connects', count], ['Keep alive', 'keep_alive_s', (s) => s ? duration(s * 1000) : 'none'],
  ['Subscriptions', 'subscriptions', count], ['In flight', 'in_flight', count],
  ['Waiting for it', 'queued_messages', count], ['of bytes', 'queued_bytes', bytes],
  ['Published', 'messages_in', count], ['Received', 'messages_out', count], ['Not delivered', 'dropped', count],
  ['Publishes that wait', 'held', count],
];

function one(root, id, app) {
  const {live} = app;
  const said = h('p', {class: 'banner warn', hidden: true});
  const texts = FACTS.map(([title, field]) => [h('dt', {}, title), h('dd', {'data-field': field})]);
  const numbers = NUMBERS.map(([title, field]) => [h('dt', {}, title), h('dd', {'data-field': field})]);
  const denials = h('dl', {class: 'facts-list'},
    DENIED.map((what) => [h('dt', {}, {publish: 'Publishes', subscribe: 'Subscriptions', receive: 'Messages to it'}[what]), h('dd', {'data-field': 'denied.' + what})]));
  const rights = h('div', {}, h('p', {class: 'hint'}, 'Asking the hub\u2026'));
  const gone = h('p', {class: 'banner', hidden: true}, 'There is no client of this id now. Its session has ended, or it never came.');
  const body = h('div', {'data-client': id, class: 'columns'},
    h('section', {class: 'sheet'}, h('h2', {}, 'Who'), h('dl', {class: 'facts-list'}, texts)),
    h('section', {class: 'sheet'}, h('h2', {}, 'Work'), h('dl', {class: 'facts-list'}, numbers)),
    h('section', {class: 'sheet'}, h('h2', {}, 'May'), rights),
    h('section', {class: 'sheet'}, h('h2', {}, 'Denied since the start'), denials));
  root.append(h('div', {class: 'head'}, h('h1', {}, name(short(id, 80))), h('a', {href: link('clients')}, 'all clients')),
              said, gone, body, verbs(id, app));
  const asked = new AbortController();
  if (encodeURIComponent(id).length > ID_BYTES_MAX) replace(rights, h('p', {class: 'hint'}, 'Its id is too long to be asked for by HTTP.'));
  else get(path('v1', 'clients', id, 'rights'), {}, {signal: asked.signal}).then((said) => showRights(rights, said), (error) => {
    if (error.name !== 'AbortError') replace(rights, h('p', {class: 'hint'}, error.message));
  });
  return {
    update() {
      const client = live.clients?.get(id);
      gone.hidden = !live.clients || Boolean(client);
      body.hidden = !client;
      if (!client) return;
      const wrong = trouble(client);
      said.hidden = !wrong;
      setText(said, wrong);
      FACTS.forEach(([, , show], i) => setText(texts[i][1], visible(show(client))));
      NUMBERS.forEach(([, field, show], i) => setNumber(numbers[i][1], client[field], show(client[field])));
      DENIED.forEach((what, i) => setNumber(denials.querySelectorAll('dd')[i], client.denied[what], count(client.denied[what])));
      texts[4][1].title = utc(client.since_ms);
    },
    unmount: () => asked.abort(),
  };
}

// Rules in their order, the first that fits a topic decides; then what the client has subscribed to.
function showRights(place, {module, rules, subscriptions}) {
  const own = module ? h('p', {}, 'It is the module ', name(module), ': its outputs and inputs are its own.') : null;
  const rule = ({allow, actions, topic}) =>
    h('li', {}, allow ? '' : h('strong', {}, 'not '), actions.join(', '), ' ', h('code', {}, name(short(topic))));
  const filter = (one) => h('li', {}, h('code', {}, name(short(one.filter))), ` QoS ${one.qos}`);
  replace(place, own,
    rules.length ? h('ul', {class: 'plain-list'}, rules.map(rule)) : module ? null : h('p', {class: 'hint'}, 'Nothing.'),
    h('h3', {}, 'Subscribed to'),
    subscriptions.length ? h('ul', {class: 'plain-list'}, subscriptions.map(filter)) : h('p', {class: 'hint'}, 'Nothing.'));
}

function verbs(id, app) {
  if (!app.can('operate')) return null;
  const kick = h('button', {type: 'button', onclick: async () => {
    const yes = await ask({title: 'End the connection?', verb: 'End it', danger: true,
      text: [h('p', {}, 'The connection of ', name(short(id)), ' is ended. Its session stays, so that it may come again at once, and what waits for it is not touched.')]});
    if (yes) act(kick, () => post(path('v1', 'clients', id, 'kick')), () => 'The connection was ended.');
  }}, 'End the connection');
  const remove = h('button', {type: 'button', class: 'danger', onclick: async () => {
    const client = app.live.clients?.get(id);
    const yes = await ask({title: 'Remove the session?', verb: 'Remove it', danger: true,
      text: [h('p', {}, 'The session of ', name(short(id)), ' ends with its subscriptions, and ',
        h('strong', {}, `${plural(client?.queued_messages ?? 0, 'message')} (${bytes(client?.queued_bytes ?? 0)})`),
        ' that wait for it are dropped. This cannot be taken back.')]});
    if (yes) act(remove, () => post(path('v1', 'sessions', id, 'remove')), (gone) => `The session was removed with ${plural(gone.messages, 'message')}.`);
  }}, 'Remove the session\u2026');
  return h('div', {class: 'actions'}, kick, remove);
}
