// Where everything begins: who one is, what is shown, keys, and what arrives meanwhile.

import * as api from "./api.js";
import { Bar } from "./bar.js";
import { askInbox, askToken, showKeys } from "./dialogs.js";
import { tell } from "./dom.js";
import { Grid } from "./grid.js";
import { PhotoView } from "./photo.js";
import { Store } from "./store.js";
import { choose as chooseLanguage, load as loadTexts, t } from "./texts.js";

const PATIENCE_MS = 1000;

const store = new Store();
const parts = { bar: document.getElementById("bar"), grid: document.getElementById("grid"), photo: document.getElementById("photo") };
const acts = {
  back: () => (location.hash = `#/${store.choice}`),
  choose: (choice) => (location.hash = `#/${choice}`),
  help: showKeys,
  language: (one) => chooseLanguage(one).then(() => location.reload()),
  open: (id, part = 1) => location.replace(part === 1 ? `#/photo/${id}` : `#/photo/${id}/${part}`),
  profiles: () => who.profiles,
};
let who = null;
let last = null;

const grid = new Grid(parts.grid, store);
const bar = new Bar(parts.bar, store, acts);
const view = new PhotoView(parts.photo, store, acts);

async function signIn() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    history.replaceState(null, "", location.pathname);
    await api.signIn(given, localStorage.getItem("matted-name") ?? "").catch(() => null);
  }
  who = await api.session();
  while (who.who === null) {
    await askToken();
    who = await api.session();
  }
}

async function follow() {
  const [, what, id, part] = location.hash.split("/");
  if (what === "photo" && /^\d+$/.test(id ?? "")) {
    last = Number(id);
    parts.grid.hidden = true;
    if (!store.photos.length) await store.show(store.choice);
    await view.show(last, Number(part) || 1);
    return;
  }
  view.hide();
  parts.grid.hidden = false;
  const choice = what || store.choice;
  if (choice !== store.choice || !store.photos.length) await store.show(choice);
  if (last !== null) grid.focus(last);
}

function key(event, down) {
  const typing = event.target.closest?.("input:not([type=range]):not([type=file]), select, dialog");
  if (typing || ((event.ctrlKey || event.metaKey || event.altKey) && event.key.toLowerCase() !== "z")) return;
  if (event.key === " " && event.target.closest?.("button, a")) return;
  if (down && event.key === "?") showKeys();
  else if (!(view.open && view.key(event, down))) return;
  event.preventDefault();
}

async function upload(files) {
  if (!files.length) return;
  const inbox = who.inboxes.length > 1 ? await askInbox(who.inboxes) : who.inboxes[0];
  if (inbox === null) return;
  for (const file of files) {
    try {
      await api.upload(inbox, file);
      tell(t("uploaded", { name: file.name, inbox }));
    } catch (error) {
      tell(`${file.name}: ${error.message || t("unreachable")}`, true);
    }
  }
}

function takeDrops() {
  const over = (event, on) => {
    event.preventDefault();
    parts.grid.classList.toggle("dropping", on);
  };
  parts.grid.addEventListener("dragover", (event) => over(event, true));
  parts.grid.addEventListener("dragleave", (event) => over(event, false));
  parts.grid.addEventListener("drop", (event) => {
    over(event, false);
    upload([...event.dataTransfer.files]);
  });
}

// Ends when the server tells of all that changes from then on, or when it cannot: what is listed after
// that misses nothing.
function listen() {
  let listed = false;
  const anew = () => store.show(store.choice).catch((error) => tell(error.message || t("unreachable"), true));
  return new Promise((resolve) => {
    const go = () => {
      listed = true;
      resolve();
    };
    const source = api.events({
      hello: () => (listed ? anew() : go()), // it listens again, and something may have been missed
      photos: (told) => (told.photos === null ? anew() : store.news(told)),
      daemon: (told) => store.heard(told),
      reload: anew,
    });
    source.addEventListener("error", go, { once: true });
    setTimeout(go, PATIENCE_MS);
  });
}

async function begin() {
  await loadTexts();
  await signIn();
  if (who.inboxes.length) {
    acts.upload = upload;
    takeDrops();
  }
  store.daemon = who.daemon;
  bar.draw();
  api.onSignedOut(() => location.reload());
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => key(event, true));
  addEventListener("keyup", (event) => key(event, false));
  await listen();
  await follow();
  if (!location.hash && store.choice === "look" && !store.photos.length) location.replace("#/today");
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => tell(error.message || t("unreachable"), true));
