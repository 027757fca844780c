// What a computing route remembers: its open windows, and what came too late or too early for them.
import {h, keyed, setAttr, setNumber, setText, short, visible} from '../../lib/dom.js';
import {get, path} from '../../lib/api.js';
import {bytes, count, duration, plural, utc, when} from '../../lib/format.js';
import {link} from '../../lib/router.js';

const EVERY_MS = 3_000;
const SHOWN = 50;
const NUMBERS = [
  ['groups', 'Groups', count], ['state_bytes', 'It remembers', bytes], ['late', 'Late', count],
    ['late_dropped', 'of these dropped', count],
  ['early', 'Early', count], ['evicted', 'Given up for lack of room', count], ['draining', 'Groups that drain', count],
];

function groupText(group) {
  if (Array.isArray(group)) return group.length ? group.map((one) => typeof one === 'string' ? one
    : JSON.stringify(one)).join(', ') : 'all messages';
  if (group && typeof group === 'object') return Object.entries(group).map(([key, value]) =>
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
  return String(group ?? 'all messages');
}

export function windowsOf(routeName, {live}) {
  const facts = NUMBERS.map(([field, title]) => [h('dt', {}, title), h('dd', {'data-field': 'computed.' + field})]);
  const blocked = h('p', {class: 'bad-text', hidden: true}, 'Its results wait for room: ');
  const queue = h('a');
  blocked.append(queue);
  const said = h('p', {class: 'hint', role: 'status'});
  const body = h('tbody');
  const messages = h('th', {scope: 'col', class: 'number', hidden: true}, 'Messages');
  const table = h('div', {class: 'rows', role: 'region', 'aria-label': 'Open windows', tabindex: '0', hidden: true},
    h('table', {}, h('caption', {class: 'unseen'}, 'Open windows'),
      h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Group'), h('th', {scope: 'col'}, 'From'),
        h('th', {scope: 'col'}, 'To'),
                             messages, h('th', {scope: 'col'}, 'Closes in'))), body));
  const element = h('section', {class: 'sheet route-windows', hidden: true}, h('h2', {}, 'What it computes'), blocked,
    h('dl', {class: 'facts-list'}, facts), h('h3', {}, 'Open windows'), said, table);
  let known = [];
  let open = 0;
  let byMessages = false;  // its windows go by a time in the messages, not by the hub's clock
  let timer = 0;
  let aborter = null;

  async function ask() {
    if (timer < 0) return;
    aborter = new AbortController();
    try {
      const answer = await get(path('v1', 'routes', routeName, 'windows'), {count: SHOWN}, {signal: aborter.signal});
      known = answer.windows;
      open = answer.open ?? known.length;
      draw();
      setText(said, known.length === 0 ? 'None is open now.'
        : `${plural(known.length, 'group')} that messages came to last` + (open > known.length ? `, of ${count(open)}`
          : '') +
          (byMessages ? '; times are those in the messages.' : '.'));
    } catch (error) {
      if (error.name === 'AbortError') return;
      setText(said, error.status === 404 ? 'This hub does not tell its open windows.' : error.message);
      if (error.status === 404) return;
    }
    if (timer >= 0) timer = setTimeout(askIfSeen, EVERY_MS);
  }
  function askIfSeen() {
    if (document.hidden || live.state !== 'on') timer = setTimeout(askIfSeen, EVERY_MS);
    else ask();
  }

  function draw() {
    table.hidden = known.length === 0;
    messages.hidden = !known.some((one) => one.messages !== undefined);
    keyed(body, known, ({group, start_ms}) => JSON.stringify(group) + start_ms, makeRow, (tr, one) => {
      const idle = one.end_ms === 0;
      setText(tr.children[1], idle ? 'no window now' : when(one.start_ms, live.now_ms));
      setText(tr.children[2], idle ? '' : when(one.end_ms, live.now_ms));
      setAttr(tr.children[1], 'title', utc(one.start_ms) || null);
      setAttr(tr.children[2], 'title', utc(one.end_ms) || null);
      tr.children[3].hidden = messages.hidden;
      setNumber(tr.children[3], one.messages, count(one.messages));
      const closes_ms = one.closes_ms ?? (byMessages ? 0 : one.end_ms);
      setText(tr.children[4], idle ? '' : closes_ms > 0 ? duration(Math.max(0, closes_ms - live.now_ms))
        : 'with later messages');
    });
  }
  const makeRow = ({group}) =>
    h('tr', {}, h('th', {scope: 'row', title: visible(groupText(group)).slice(0, 1000)},
    h('bdi', {}, short(groupText(group), 80))), h('td', {class: 'time'}), h('td', {class: 'time'}),
      h('td', {class: 'number'}), h('td', {class: 'time'}));

  return {
    element,
    update({computed, text}) {
      element.hidden = !computed;
      if (!computed) return;
      byMessages = /\bTIMESTAMP\s+BY\b/i.test(text);
      NUMBERS.forEach(([field, , show], i) => setNumber(facts[i][1], computed[field], show(computed[field])));
      blocked.hidden = !computed.blocked_by;
      setText(queue, visible(computed.blocked_by));
      setAttr(queue, 'href', link('queue', computed.blocked_by || ''));
      if (known.length) draw();
      if (timer === 0) {
        timer = 1;
        ask();
      }
    },
    unmount() {
      clearTimeout(timer);
      timer = -1;
      aborter?.abort();
    },
  };
}
