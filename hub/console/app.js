// Frame of the console: who looks, where they are, whether the hub is there; in its middle one view.
//
// A view is a module: export default {title, mount(root, route, app)}, where mount fills `root` and returns
//   {update()    after each change of app.live (once a second or so); writes only what differs,
//    route(next) the address changed within the view; without it the view is made anew,
//    unmount()   ends what it began (requests, streams)}, each of which may be missing.
// `route` is {view, name, params} (lib/router.js). `app` is {live, user, role, can(role), refresh()}.
import {h, replace, setAttr, setText, visible} from './lib/dom.js';
import {onSignedOut, session, signOut} from './lib/api.js';
import {act} from './lib/dialog.js';
import {count, duration, plural, rate, utc, when, zone} from './lib/format.js';
import {Live} from './lib/live.js';
import {link, parse} from './lib/router.js';
import signin from './views/signin.js';

const VIEWS = [['flow', 'Flow'], ['queue', 'Queues'], ['route', 'Routes'], ['clients', 'Clients'], ['topics', 'Topics'],
               ['store', 'Store'], ['events', 'Events'], ['doctor', 'Doctor']];
const OTHERS = {dead: 'queue', message: 'queue'};  // views without an entry of their own, and where they belong
const STARTED_S = 900;  // a hub that is younger says so: its counts began then
const ROLES = ['none', 'read', 'operate', 'admin'];

const live = new Live({onSignedOut: () => lookAgain()});
const app = {
  live, user: '', role: 'none',
  can: (role) => ROLES.indexOf(app.role) >= ROLES.indexOf(role),
  refresh: () => shown?.update?.(),
};

let shown = null;       // the view
let shown_view = '';
let frame = null;

// ---- frame ----

function makeFrame() {
  const links = new Map(VIEWS.map(([view, title]) =>
    [view, h('a', {href: link(view)}, title, h('span', {class: 'badge', hidden: true}))]));
  const parts = {
    hub: h('span', {class: 'hub'}), facts: h('p', {class: 'facts'}), state: h('p', {class: 'state', role: 'status'}),
    banner: h('p', {class: 'banner bad', role: 'alert', hidden: true}), links,
    who: h('span', {class: 'who'}),
    main: h('main', {id: 'main', tabindex: '-1'}),
  };
  const out = h('button', {class: 'quiet', type: 'button',
                           onclick: () => act(out, signOut).then(() => lookAgain())}, 'Sign out');
  replace(document.body,
    h('a', {class: 'skip', href: '#main', onclick: (event) => {
      event.preventDefault();
      parts.main.focus();
    }}, 'Skip to the content'),
    h('header', {},
      h('a', {class: 'brand', href: link('flow')}, 'Headgate'), parts.hub, parts.facts, parts.state,
      h('div', {class: 'user'}, parts.who, out)),
    h('nav', {'aria-label': 'Views'}, h('ul', {}, VIEWS.map(([view]) => h('li', {}, links.get(view))))),
    parts.banner, parts.main);
  return parts;
}

function drawFrame() {
  if (!frame) return;
  const away = live.state === 'away';
  document.body.classList.toggle('away', away);
  frame.banner.hidden = !away;
  if (away)
    setText(frame.banner, `The hub has not answered since ${when(live.away_since_ms)}. What is shown is from then; this page goes on by itself once it is back.`);
  const status = live.status;
  setText(frame.state, away ? 'away' : status ? 'live' : 'connecting\u2026');
  setAttr(frame.state, 'class', 'state ' + (away ? 'bad' : ''));
  if (!status) return;
  setText(frame.hub, visible(status.hub_id));
  setAttr(frame.hub, 'title', `${status.version}, up for ${duration(status.uptime_s * 1000)}`);
  setText(frame.facts, `${rate(live.in_rate)} in \u00b7 ${rate(live.out_rate)} out \u00b7 ${plural(status.store.waiting, 'message')} waiting` +
    (status.uptime_s < STARTED_S ? ` \u00b7 started ${duration(status.uptime_s * 1000)} ago` : ''));
  setAttr(frame.facts, 'title', `Messages that clients published and got, a second. Times are of ${zone()}; the hub's clock: ${utc(live.now_ms)}`);
  drawBadges();
}

// Numbers of what is in trouble, beside the view that shows it.
function drawBadges() {
  const troubled = {
    queue: [...live.queues.values()].filter((queue) => queue.blocked || queue.name === '$dead' && queue.waiting > 0).length,
    route: [...live.routes.values()].filter((route) => route.error || route.computed?.blocked_by).length,
    clients: live.status.waiting_clients?.length ?? 0,
    store: live.status.store.error || live.status.store.disk.low ? 1 : 0,
  };
  for (const [view, a] of frame.links) {
    const badge = a.lastChild;
    const n = troubled[view] ?? 0;
    badge.hidden = n === 0;
    setText(badge, n === 0 ? '' : count(n));
    setAttr(badge, 'title', n === 0 ? null : `${n} in trouble`);
  }
}

// ---- the view ----

async function showRoute() {
  const route = parse(location.hash);
  const known = VIEWS.some(([view]) => view === route.view) || route.view in OTHERS;
  const view = known ? route.view : 'flow';
  for (const [one, a] of frame.links) setAttr(a, 'aria-current', one === (OTHERS[view] ?? view) ? 'page' : null);
  if (view === shown_view && shown?.route && live.status) return shown.route(route);
  const module = await import(`./views/${view}.js`).catch(() => null);
  if (!frame || parse(location.hash).view !== route.view) return;  // somebody went on meanwhile
  end();
  shown_view = view;
  document.title = `${module?.default.title ?? 'Headgate'} \u2013 ${live.status?.hub_id ?? 'Headgate'}`;
  const root = h('div', {class: 'view view-' + view});
  replace(frame.main, root);
  if (!module) return root.append(h('p', {class: 'banner bad'}, 'This part of the page could not be loaded; load it anew.'));
  shown = module.default.mount(root, route, app) ?? {};
  if (live.status) shown.update?.();
}

function end() {
  shown?.unmount?.();
  shown = null;
  shown_view = '';
}

function showSignIn() {
  end();
  live.close();
  frame = null;
  replace(document.body, h('main', {id: 'main'}, signin(begin)));
}

function begin({user, role}) {
  Object.assign(app, {user, role});
  frame = makeFrame();
  setText(frame.who, `${visible(user)} (${role})`);
  live.open();
  drawFrame();
  showRoute();
}

let looking = false;
async function lookAgain() {
  if (looking) return;
  looking = true;
  try {
    const who = await session();
    if (!who) showSignIn();
    else if (!frame) begin(who);
  } catch (error) {
    if (!frame) {
      replace(document.body, h('main', {id: 'main'}, h('p', {class: 'banner bad', role: 'alert'}, `${error.message || 'The hub does not answer.'} Trying again\u2026`)));
      setTimeout(lookAgain, 2_000);
    }
  } finally {
    looking = false;
  }
}

onSignedOut.call = lookAgain;
live.on(() => {
  drawFrame();
  if (live.status) shown?.update?.();
});
window.addEventListener('hashchange', () => { if (frame) showRoute(); });
lookAgain();
