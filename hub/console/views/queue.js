// Queues: all of them, or one with what waits in it.
import {replace} from '../lib/dom.js';
import {list} from './queue/list.js';
import {one} from './queue/one.js';
import {watchDepths} from './queue/words.js';

export default {
  title: 'Queues',
  mount(root, route, app) {
    watchDepths(app.live);
    let inside = null;
    let shown = null;
    function open(next) {
      if (inside && shown === next.name && inside.route) return inside.route(next);
      inside?.unmount?.();
      replace(root);
      shown = next.name;
      inside = next.name ? one(root, next, app) : list(root, next, app);
      if (app.live.status) inside.update();
    }
    open(route);
    return {update: () => inside.update(), route: open, unmount: () => inside.unmount?.()};
  },
};
