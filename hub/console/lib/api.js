// The documented HTTP API (docs/http.md, conf/openapi.json), and nothing else. The browser sends the cookie of the session by
// itself; no token is kept anywhere on this side.

export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;  // of HTTP; 0: the hub did not answer
  }
}

export const onSignedOut = {call: () => {}};

function target(path, params) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params ?? {}))
    if (value !== undefined && value !== null && value !== '') query.append(key, value);
  const text = query.toString().replaceAll('+', '%20');  // the hub takes a plus as a plus
  return path + (text ? '?' + text : '');
}

// A path of parts that may be anything: path('v1', 'queues', name, 'purge').
export const path = (...parts) => '/' + parts.map(encodeURIComponent).join('/');

async function call(method, where, {params, body, headers, signal, type = 'application/json'} = {}) {
  let response;
  try {
    response = await fetch(target(where, params), {
      method, signal, body, credentials: 'same-origin', cache: 'no-store', redirect: 'error',
      headers: method === 'POST' ? {'Content-Type': type, ...headers} : headers,
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The hub does not answer.');
  }
  const text = await response.text().catch(() => '');
  const answer = response.headers.get('Content-Type')?.startsWith('application/json') ? parsed(text) : text;
  if (response.ok) return answer;
  if (response.status === 401) onSignedOut.call();
  throw new ApiError(response.status, answer?.error ?? `The hub answered ${response.status}.`);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {error: 'The hub gave an answer that is no JSON.'};
  }
}

export const get = (where, params, options = {}) => call('GET', where, {params, ...options});
export const post = (where, options = {}) => call('POST', where, {body: '{}', ...options});

// ---- who looks ----

// Null: nobody, or somebody whose session has ended.
export async function session() {
  const response = await fetch('/v1/session', {credentials: 'same-origin', cache: 'no-store'});
  if (response.status === 401) return null;
  if (!response.ok) throw new ApiError(response.status, `The hub answered ${response.status}.`);
  const who = await response.json();
  return who.role === 'none' ? null : who;
}

// The one time that a token is sent; the hub answers with a cookie that scripts cannot read.
export async function signIn(token) {
  let response;
  try {
    response = await fetch('/v1/session', {
      method: 'POST', credentials: 'same-origin', body: '{}',
      headers: {Authorization: 'Bearer ' + token, 'Content-Type': 'application/json'},
    });
  } catch {
    throw new ApiError(0, 'The hub does not answer.');
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer.error ?? `The hub answered ${response.status}.`);
  return answer;
}

export const signOut = () => post('/v1/session/end');

// Server-sent events of a tail; `onLine` gets each object. Returns its end.
export function follow(where, params, onLine, onState = () => {}) {
  const source = new EventSource(target(where, params));
  source.onopen = () => onState('on');
  source.onmessage = (event) => onLine(JSON.parse(event.data));
  source.addEventListener('lost', (event) => onState('lost', JSON.parse(event.data)));
  source.onerror = () => onState(source.readyState === EventSource.CLOSED ? 'closed' : 'away');
  return () => source.close();
}
