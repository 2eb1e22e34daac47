// Which photos are listed, in which order; whoever shows them is told of changes.

import * as api from "./api.js";

const PORTION = 120;

export class Store extends EventTarget {
  choice = "look";
  photos = [];
  numbers = {};
  daemon = { running: true, paused: null };
  #after = null;
  #loading = null;
  #asked = 0;
  #late = null;

  get ended() {
    return this.#after === null;
  }

  index(id) {
    return this.photos.findIndex((photo) => photo.id === id);
  }

  async show(choice) {
    this.choice = choice;
    const asked = ++this.#asked;
    const late = (this.#late = []);
    const told = await api.list(choice, null, PORTION);
    if (asked !== this.#asked) return;
    this.#late = null;
    this.photos = told.photos;
    this.#after = told.after;
    this.numbers = told.numbers;
    for (const photo of late) this.#take(photo);
    this.#changed("listed");
  }

  more() {
    if (this.#after !== null && this.#loading === null) {
      this.#loading = this.#more().finally(() => (this.#loading = null));
    }
    return this.#loading;
  }

  async #more() {
    const asked = this.#asked;
    const told = await api.list(this.choice, this.#after, PORTION);
    if (asked !== this.#asked) return;
    const known = new Set(this.photos.map((photo) => photo.id));
    const fresh = told.photos.filter((photo) => !known.has(photo.id));
    this.photos.push(...fresh);
    this.#after = told.after;
    this.numbers = told.numbers;
    this.#changed("grown", fresh);
  }

  // What the server says has changed; a list that is on its way may not know of it.
  news(told) {
    this.numbers = told.numbers;
    this.#late?.push(...told.photos);
    for (const photo of told.photos) this.#take(photo);
    this.#changed("changed", told.photos);
  }

  heard(daemon) {
    this.daemon = daemon;
    this.#changed("heard");
  }

  // What is listed stays until the list is asked for anew: nothing jumps away under the hand. But what
  // is filed meanwhile, and is to be looked at, goes to the front.
  #take(photo) {
    let at = this.index(photo.id);
    if (at >= 0 && isOpen(this.photos[at]) && toLook(photo)) {
      this.photos.splice(at, 1);
      at = -1;
    }
    if (at >= 0) this.photos[at] = photo;
    else if (this.#belongs(photo)) this.photos.splice(this.#place(photo), 0, photo);
  }

  #belongs(photo) {
    if (this.choice === "look") return toLook(photo);
    if (this.choice === "failed") return photo.state === "failed";
    if (this.choice === "approved" || this.choice === "rejected") return photo.decided === this.choice;
    return photo.state !== "gone";
  }

  #place(photo) {
    if (toLook(photo)) return 0;
    const at = this.photos.findIndex((one) => !toLook(one));
    return at < 0 ? this.photos.length : at;
  }

  #changed(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

export function toLook(photo) {
  return photo.state === "filed" && photo.flags.length > 0 && photo.decided === null;
}

export function isOpen(photo) {
  return ["waiting", "working", "publishing", "retrying"].includes(photo.state);
}

// A photo; of a file that holds several, one of them, with pictures, flags and a size of its own.
export function partOf(photo, part) {
  const own = photo.parts[part - 1];
  return own ? { ...photo, edition: own.edition, size: own.size, flags: own.flags } : photo;
}
