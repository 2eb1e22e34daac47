// The API that docs/openapi.yaml describes, and nothing else of the server.

export class Refused extends Error {
  constructor(status, told) {
    super(told);
    this.status = status;
  }
}

let signedOut = () => {};

export function onSignedOut(act) {
  signedOut = act;
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refused(0, "");
  }
  const told = await response.json().catch(() => ({}));
  if (response.ok) return told;
  if (response.status === 401 && path !== "/api/session") signedOut();
  throw new Refused(response.status, told.error ?? "");
}

function send(path, document, method = "POST") {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method, headers, body: JSON.stringify(document) });
}

export const session = () => ask("/api/session");
export const signIn = (token, name) => send("/api/session", { token, name });
export const signOut = () => send("/api/session", {}, "DELETE");
export const one = (id) => ask(`/api/photos/${id}`);
export const decide = (id, decision) => send(`/api/photos/${id}/decisions`, { decision });
export const redo = (id, wish) => send(`/api/photos/${id}/redo`, wish);

export function list(show, after, limit) {
  const asked = new URLSearchParams({ show, limit });
  if (after) asked.set("after", after);
  return ask(`/api/photos?${asked}`);
}

export const pictures = (photo) => `/api/photos/${photo.id}/pictures/${photo.edition}`;
export const shown = (photo) => ask(pictures(photo));
export const layer = (photo, name) => ask(`${pictures(photo)}/${name}`);
export const small = (photo, name) => `${pictures(photo)}/small/${name}.webp`;

export function upload(inbox, file) {
  const headers = { "Content-Type": "application/octet-stream" };
  const path = `/api/inboxes/${encodeURIComponent(inbox)}/${encodeURIComponent(file.name)}`;
  return ask(path, { method: "PUT", headers, body: file });
}

export function events(handlers) {
  const source = new EventSource("/api/events");
  for (const [name, act] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => act(event.data ? JSON.parse(event.data) : null));
  }
  return source;
}
