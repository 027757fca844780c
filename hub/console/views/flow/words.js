// How the hub is, in words; and what to do first with one that has nothing to do yet.
import {h, keyed, name, setAttr, setText, short} from '../../lib/dom.js';
import {duration, plural, utc, when} from '../../lib/format.js';
import {link} from '../../lib/router.js';
import {consumerOf, hrefOf} from './model.js';

const SHOWN = 5;        // of what is wrong
const SHOWN_MAX = 50;   // where only trouble is asked for

// What is wrong, the worst first: [{id, severity, what, name, why, to}…]. Of queues that wait for the same link, the link comes first.
export function troubles(graph, status) {
  const RANK = {link: 0, queue: 1, route: 2, dead: 3};
  const sick = new Set(graph.nodes.filter(({trouble, kind}) => trouble && kind === 'link').map(({name: link}) => link));
  const found = graph.nodes.filter(({trouble, kind}) => trouble && kind in RANK)
    .sort((a, b) => (a.trouble === 'bad' ? 0 : 1) - (b.trouble === 'bad' ? 0 : 1) || RANK[a.kind] - RANK[b.kind] ||
          (a.name < b.name ? -1 : 1))
    .map((node) => ({id: node.id, severity: node.trouble, what: node.kind === 'dead' ? 'queue' : node.kind, name: node.name,
                     why: whyOf(node, sick), to: node.to}));
  return [...ofHub(status), ...found];
}

function ofHub(status) {
  const found = [];
  const add = (id, name, why, to) => found.push({id, severity: 'bad', what: 'the hub\u2019s', name, why, to});
  if (status.store.error) add('store', 'store', `it does not write: ${status.store.error}`, ['store']);
  else if (status.store.disk.low) add('disk', 'disk', 'there is too little room, so publishers wait', ['store']);
  for (const client of (status.waiting_clients ?? []).slice(0, SHOWN)) {
    const id = typeof client === 'string' ? client : client.client_id;
    found.push({id: 'waiting:' + id, severity: 'warn', what: 'client', name: id, why: 'it waits for room to publish',
                to: ['clients', id]});
  }
  return found;
}

// A queue behind links that are in the list themselves: which ones is enough.
function whyOf({kind, row, why}, sick) {
  if (kind === 'dead') return `${plural(row.waiting, 'dead letter')}. ${why}`;
  if (kind !== 'queue' || !row?.waiting) return why;
  const waiting = `${plural(row.waiting, 'message')} wait${row.waiting === 1 ? 's' : ''}`;
  const links = row.consumer?.kind === 'link' && !row.paused ? row.consumer.name.split(', ').filter((link) => sick.has(link)) : [];
  return links.length ? `${waiting} for link ${links.join(' or ')}.` : `${waiting}. ${why}`;
}

export function summary(found) {
  if (found.length === 0) return 'Everything flows.';
  const stuck = found.filter(({severity}) => severity === 'bad').length;
  const eyed = found.length - stuck;
  return [stuck && (stuck === 1 ? '1 thing is stuck' : `${stuck} things are stuck`),
          eyed && (eyed === 1 ? '1 thing needs a look' : `${eyed} things need a look`)].filter(Boolean).join(', ') + '.';
}

function oldestOf(queues) {
  let oldest = null;
  for (const queue of queues.values()) {
    if (!queue.waiting || !queue.oldest_ms || consumerOf(queue).kind === 'hub') continue;
    if (!oldest || queue.oldest_ms < oldest.oldest_ms) oldest = queue;
  }
  return oldest;
}

export function headline() {
  const said = h('p', {class: 'flow-said', role: 'status'});
  const list = h('ul', {class: 'flow-troubles'});
  const queue = h('a', {class: 'name'});
  const age = h('span', {'data-field': 'oldest_age'});
  const backlog = h('p', {class: 'quiet-text'}, 'The oldest message that waits is ', age, ' old, in ', queue, '.');
  const none = h('p', {class: 'quiet-text'}, 'Nothing waits.');
  const more = h('p', {hidden: true}, h('a', {href: link('flow', '', {trouble: true})}));
  return {
    element: h('section', {class: 'flow-words', 'aria-label': 'How the hub is'}, said, list, more, backlog, none),
    show(graph, live, all) {
      const most = all ? SHOWN_MAX : SHOWN;
      const found = troubles(graph, live.status);
      const empty = found.length === 0 && isEmpty(live);
      const words = empty ? 'Nothing flows yet.' : summary(found);
      setText(said, live.state === 'away' ? `As of ${when(live.now_ms)}: ${words}` : words);
      const state = found.some(({severity}) => severity === 'bad') ? 'bad' : found.length ? 'warn' : empty ? '' : 'good';
      setAttr(said, 'class', 'flow-said ' + state);
      keyed(list, found.slice(0, most), ({id}) => id, troubleLine, (li, one) => li.show(one));
      more.hidden = found.length <= most;
      setText(more.firstChild, `and ${found.length - most} more`);
      showBacklog(live);
      return found.length;
    },
  };

  function showBacklog(live) {
    const [oldest, now_ms] = [oldestOf(live.queues), live.now_ms];
    backlog.hidden = !oldest;
    none.hidden = Boolean(oldest) || isEmpty(live);
    if (!oldest) return;
    setText(age, duration(now_ms - oldest.oldest_ms));
    setAttr(age, 'title', `since ${when(oldest.oldest_ms, now_ms)}; ${utc(oldest.oldest_ms)}`);
    setAttr(queue, 'href', link('queue', oldest.name));
    setText(queue, short(oldest.name));
  }
}

function troubleLine(one) {
  const why = h('span');
  const li = h('li', {}, `${one.what} `, h('a', {href: hrefOf(one)}, name(short(one.name))), ': ', why);
  li.show = (now) => {
    setAttr(li, 'class', now.severity + '-text');
    setText(why, short(now.why, 300));
  };
  return li;
}

// ---- an empty hub ----

export const isEmpty = ({routes, queues}) => routes.size === 0 &&
  [...queues.values()].every((queue) => queue.name === '$dead' || queue.name.startsWith('$upstream') && !queue.in);

// Options of the Mosquitto tools for the hub's first listener.
function listenerOptions(listeners = []) {
  const found = /^(?:\[?([^\]]*)\]?):(\d+)\b/.exec(listeners[0] ?? '');
  if (!found) return '';
  const any = ['0.0.0.0', '::', '127.0.0.1', '::1', ''].includes(found[1]);
  const host = any ? location.hostname.replace(/^\[|\]$/g, '') : found[1];
  return (['localhost', '127.0.0.1', '::1'].includes(host) ? '' : `-h ${host} `) + `-p ${found[2]} `;
}

const FIRST_FILE = `{
  "routes": {
    "hot": "FROM 'plant/+/temperature' WHERE $body.celsius > 80 INTO Topic('alarms/temperature')"
  }
}`;

export function firstSteps({listeners, hub_id: id}) {
  const to = listenerOptions(listeners);
  const code = (text) => h('code', {}, text);
  return h('section', {class: 'sheet flow-first'},
    h('h2', {}, 'What to do first'),
    h('p', {}, 'Nothing flows here yet: the hub has no routes, and no queue holds anything.'),
    h('ol', {},
      h('li', {}, 'Subscribe, and leave it running:', h('pre', {}, `mosquitto_sub ${to}-t 'plant/#' -v`)),
      h('li', {}, 'Publish a message, from another terminal:',
        h('pre', {}, `mosquitto_pub ${to}-t plant/7/temperature -q 1 -m '{"celsius": 81}'`),
        h('p', {class: 'quiet-text'}, 'It shows under ', h('a', {href: link('topics')}, 'Topics'), ', and in the other terminal.')),
      h('li', {}, 'Add a route, so that messages are kept, picked and passed on. Write ', code('first.json'), ' in the folder that ',
        code('routes_dir'), ' of the configuration names, then ', code('headgate reload'), ':',
        h('pre', {}, FIRST_FILE))),
    h('p', {class: 'quiet-text'}, 'Read on: ', code('docs/quick-start.md'), ', and ', code('docs/route-language.md'),
      ' for routes. This hub is ', name(id), '.'));
}
