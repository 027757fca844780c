// Boxes to try a route in: an edited text over what is recorded, a message, and what would become of the file. Nothing
// is changed: to put a text in force is left to `headgate route apply`, which sends a whole file. The page knows only
// the routes in force, not what else stands in their file (tables, comments, routes that are broken), and would write
// it without those.
import {h, name, replace, setText, short, visible} from '../../lib/dom.js';
import {get, post} from '../../lib/api.js';
import {act} from '../../lib/dialog.js';
import {count, plural} from '../../lib/format.js';
import {replaceParams} from '../../lib/router.js';
import {checked, inTurn, isMistake, plainTable, spanPick, spanText, trial, trialBox} from './trial.js';
import {textBox} from './text.js';
import {fileName} from './words.js';
import {marksText} from './one.js';

const PAUSE_MS = 300;        // after the last letter, before the text is checked
const ADDRESS_MAX = 1_500;   // characters of a text that goes into the address

export function tries(route, app, text) {
  const asked = new AbortController();
  const edited = edit(route, app, text, asked.signal);
  const message = tryMessage(route.name, edited, asked.signal);
  return {
    element: h('div', {}, edited.element, message.element),
    update: (row) => {
      edited.update(row);
      message.update(row);
    },
    unmount() {
      edited.unmount();
      asked.abort();
    },
  };
}

// ---- an edited text ----

function edit(route, app, text, signal) {
  let since_s = 3_600;
  let base = null;     // the text in force that the edited one began with
  let timer = 0;
  let checking = null;
  const marks = textBox('The edited text with its marks');
  const box = h('textarea', {id: 'route-edited', rows: '5', spellcheck: 'false', autocomplete: 'off', dir: 'ltr',
    oninput: () => typed()});
  const said = h('p', {class: 'hint', role: 'status'});
  const changed = h('p', {class: 'warn-text', role: 'status', hidden: true},
    'The route in the hub has changed since this text was taken from it.');
  const outcome = trialBox();
  const compared = h('div', {role: 'status'});
  const fate = h('div', {role: 'status'});
  const results = h('div', {class: 'route-outcome', hidden: true}, h('div', {}, h('h3', {}, 'Beside the text in force'),
    compared),
    h('div', {}, h('h3', {}, 'What it would take'), outcome.element));
  const run = h('button', {type: 'button', class: 'primary', onclick: () => act(run, tryIt)}, 'Try it');
  const plan = app.can('admin') ? h('button', {type: 'button', onclick: () => act(plan, askPlan)},
    'What plan would say') : null;
  const back = h('button', {type: 'button', class: 'quiet', onclick: () => {
    box.value = base = text.text();
    typed();
  }}, 'As it is in force');
  const pick = spanPick('Messages of', since_s, (value) => { since_s = value; });
  const element = h('section', {class: 'sheet'}, h('h2', {}, h('label', {for: 'route-edited'}, 'Try an edited text')),
    h('p', {class: 'hint'},
      'It is run beside the hub over what is recorded. Nothing is changed, counted or delivered.'),
    box, marks.element, said, changed, h('div', {class: 'actions'}, pick, run, plan, back), results, fate);
  marks.element.hidden = true;

  function typed() {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE_MS);
    replaceParams({text: box.value !== base && box.value.length < ADDRESS_MAX ? box.value : ''});
  }

  async function check() {
    checking?.abort();
    const mine = checking = new AbortController();
    const value = box.value;
    const same = value === text.text();
    marks.element.hidden = same;
    if (same) return setText(said, '');
    marks.show(value, [], {folded: false});
    try {
      const result = await checked(route.name, text.entry(value), mine.signal);
      if (mine.signal.aborted) return undefined;
      const findings = result.findings.filter((one) => isMistake(one, app.live, text.text()));
      marks.show(value, findings, {folded: false});
      return setText(said, visible([marksText(findings), ...result.others].join(' ')).slice(0, 2_000));
    } catch (error) {
      return error.name === 'AbortError' ? undefined : setText(said, error.message);
    }
  }

  async function tryIt() {
    results.hidden = false;
    outcome.say('Running it\u2026');
    replace(compared, h('p', {class: 'hint'}, 'Comparing\u2026'));
    const entry = text.entry(box.value);
    const body = JSON.stringify({routes: {[route.name]: entry}});
    const [tried, replayed] = await Promise.allSettled([trial(route.name, entry, {since_s, signal}),
      inTurn(() => post('/v1/routes/replay', {params: {since_s}, body}), signal)]);
    if (signal.aborted) return;
    if (tried.status === 'fulfilled') outcome.show(tried.value);
    else outcome.say(tried.reason.message, true);
    replace(compared, replayed.status === 'fulfilled' ? comparison(replayed.value, route.name, since_s)
      : h('p', {class: 'bad-text'}, replayed.reason.message));
  }

  async function askPlan() {
    replace(fate, h('h3', {}, 'What plan would say'), await planNodes(route.name, app.live, text.entry(box.value),
      signal));
  }

  return {
    element,
    text: () => box.value,
    entry: () => text.entry(box.value),
    update(row) {
      if (base === null) {
        base = row.text;
        box.value = route.params.get('text') || row.text;
        if (box.value !== base) check();
        return;
      }
      if (row.text === base) return void (changed.hidden = true);
      if (box.value === base) box.value = base = row.text;  // nobody has typed: it follows
      else changed.hidden = false;
    },
    unmount() {
      clearTimeout(timer);
      checking?.abort();
    },
  };
}

// What the edited text takes more and no more, and other routes that would take others because of it.
function comparison(said, routeName, since_s) {
  const own = said.routes.find(({route}) => route === routeName);
  const others = said.routes.filter((one) => one !== own && (one.gained > 0 || one.lost > 0));
  const words = !own ? 'Nothing is known of it.'
    : own.why_not ? `It cannot be compared: ${own.why_not}.`
      : own.gained + own.lost === 0 ? `It takes the same ${plural(own.after, 'message')}.`
        : `It takes ${plural(own.gained, 'message')} more, and ${count(own.lost)} no more.`;
  return [h('p', {class: 'route-verdict'}, visible(words)),
    h('p', {class: 'hint'}, `Of ${plural(said.messages, 'recorded message')} of ${spanText(since_s)}` +
      (said.left_out > 0 ? `; ${count(said.left_out)} that this user may not receive were left out.` : '.')),
    own && !own.why_not ? plainTable('Messages that the route takes',
      [['Route', 'route'], ['In force', 'before', true], ['Edited', 'after', true], ['More', 'gained', true],
        ['No more', 'lost', true]],
      [own, ...others]) : null];
}

// ---- what plan would say ----

const FATES = {added: 'is added', changed: 'is changed', unchanged: 'stays as it is', removed: 'is removed',
               kept: 'stays as it was: the new text cannot be taken', 'left out': 'is left out'};
const STATES = {
  'keeps its state': 'Its open windows and memories go on.',
  drains: 'Its open windows give what they have; then it begins anew.',
  restarts: 'It begins anew: its open windows and memories are dropped.',
  'its state is kept': 'Its open windows are kept for when it comes again.',
  'its state goes': 'What it remembers is dropped.',
};

async function planNodes(routeName, live, entry, signal) {
  const row = live.routes.get(routeName);
  const file = row ? fileName(row.file) : '';
  if (!file.endsWith('.json')) return h('p', {}, 'It comes from no route file, so that there is nothing to apply.');
  const {routes} = await get('/v1/routes/file', {}, {signal});
  const beside = [...live.routes.values()].filter((one) => one.file === row.file && one.name in routes).map((one) =>
    [one.name, routes[one.name]]);
  const body = JSON.stringify({routes: {...Object.fromEntries(beside), [routeName]: entry}});
  const said = await post('/v1/routes/apply', {params: {name: file, dry_run: 1}, body, signal});
  if (said.file !== row.file)
    return [h('p', {}, 'It stands in ', h('code', {}, name(row.file)),
      ', which is no file of routes_dir. Change it there, and ask ',
              'what the whole would do:'), h('pre', {tabindex: '0', 'aria-label': 'To plan'},
                `headgate plan ${visible(file)}`)];
  const own = said.routes.filter((one) => one.file === row.file || one.what !== 'unchanged' &&
    live.routes.get(one.route)?.file !== one.file);
  const rows = own.map(({route, what, state, why}) => ({route, what: FATES[what] ?? what,
    state: [STATES[state] ?? state, why.split('\n')[0]].filter(Boolean).join(' ')}));
  return [
    h('p', {class: said.refused ? 'bad-text' : ''}, said.refused
      ? `${visible(file)} would be refused, and nothing changed.`
      : `${visible(file)} would be taken.`),
    plainTable('Fate of each route of the file', [['Route', 'route'], ['What', 'what'], ['And', 'state']], rows),
    h('p', {class: 'hint'},
      'Asked with the routes of that file that are in force and the text above; nothing was changed. To put it in ' +
      'force, write it into the file, and then: ', h('code', {}, `headgate route apply ${visible(file)}`))];
}

// ---- a message ----

function tryMessage(routeName, edited, signal) {
  const topic = h('input', {type: 'text', id: 'try-topic', placeholder: 'plant/7/temperature', autocomplete: 'off',
    spellcheck: 'false'});
  const body = h('textarea', {id: 'try-body', rows: '3', spellcheck: 'false', placeholder: '{"celsius": 91}'});
  const properties = h('textarea', {id: 'try-properties', rows: '2', spellcheck: 'false', placeholder: 'name=value'});
  const outcome = trialBox();
  const run = h('button', {type: 'button', onclick: () => act(run, tryIt)}, 'Try this message');
  const field = (id, title, input) => h('div', {class: 'field'}, h('label', {for: id}, title), input);

  async function tryIt() {
    if (!topic.value) return outcome.say('A message needs a topic.', true);
    const pairs = properties.value.split('\n').filter((line) => line.trim()).map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    });
    try {
      const given = [{topic: topic.value, payload: body.value, ...(pairs.length ? {properties: pairs} : {})}];
      const said = await trial(routeName, edited.entry(), {messages: given, signal});
      const {matched, not_matched, undefined: undecided, error} = said.route;
      if (!error && matched + not_matched + undecided === 0)
        return outcome.say('It would not meet this route: its topic is not of the route\u2019s source.');
      return outcome.show(said, {given: true});
    } catch (error) {
      return error.name === 'AbortError' ? undefined : outcome.say(visible(error.message), true);
    }
  }
  const element = h('section', {class: 'sheet'}, h('h2', {}, 'Try a message'),
    h('p', {class: 'hint'}, 'It is given to the text above alone, which begins without memories. Nobody receives it.'),
    h('div', {class: 'route-fields'}, field('try-topic', 'Topic', topic), field('try-body', 'Body', body),
      field('try-properties', 'Properties, one a line', properties)),
    h('div', {class: 'actions'}, run), outcome.element);
  let filled = false;
  return {
    element,
    // A topic that the source takes, to begin with.
    update(row) {
      if (filled) return;
      filled = true;
      const from = row.source_kind === 'topic' || !row.source ? /\bFROM\s+'([^']*)'/i.exec(row.text)?.[1]
        : /^\/messages\/(modules\/.*)$/.exec(row.source)?.[1];
      if (from) topic.value = short(from.replace(/\+/g, '1').replace(/#$/, '1'), 500);
    },
  };
}
