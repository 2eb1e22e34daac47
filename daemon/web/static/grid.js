// Photos as cards, those to be looked at first; arrow keys move between them.

import * as api from "./api.js";
import { el } from "./dom.js";
import { lazily } from "./lazy.js";
import { isOpen, toLook } from "./store.js";
import { number, reason, t, when } from "./texts.js";

export class Grid {
  #cards = new Map();
  #end = el("div", { class: "more" });

  constructor(root, store) {
    this.root = root;
    this.store = store;
    this.list = el("div", { class: "cards", role: "list" });
    store.addEventListener("listed", () => this.#fill());
    store.addEventListener("grown", (event) => this.#add(event.detail));
    store.addEventListener("changed", (event) => this.#change(event.detail));
    root.addEventListener("keydown", (event) => this.#move(event));
    const options = { root, rootMargin: "1200px" };
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#more(), options).observe(this.#end);
  }

  focus(id) {
    const card = this.#cards.get(id) ?? this.list.firstElementChild;
    card?.scrollIntoView({ block: "nearest" });
    card?.focus({ preventScroll: true });
  }

  #fill() {
    this.#cards.clear();
    this.list.replaceChildren();
    this.root.scrollTop = 0;
    this.#add(this.store.photos);
    this.root.replaceChildren(this.store.photos.length ? this.list : this.#empty(), this.#end);
  }

  #empty() {
    const key = this.store.choice === "look" ? "empty.look" : "empty";
    return el("p", { class: "empty" }, el("b", {}, t(key)), t(`${key}.more`));
  }

  #add(photos) {
    const cards = photos.map((photo) => this.#card(photo));
    this.list.append(...cards);
  }

  async #more() {
    await this.store.more();
    // The end is still in sight where a portion does not fill the window.
    if (!this.store.ended && this.#end.getBoundingClientRect().top < innerHeight + 1200) requestAnimationFrame(() => this.#more());
  }

  #change(photos) {
    const placed = photos.map((photo) => [this.store.index(photo.id), photo]).filter(([at]) => at >= 0);
    // From the last on: each goes before its neighbour, which has to be there.
    for (const [at, photo] of placed.sort(([one], [other]) => other - one)) {
      const old = this.#cards.get(photo.id);
      const focused = old && document.activeElement === old;
      const card = this.#card(photo);
      const next = this.#cards.get(this.store.photos[at + 1]?.id) ?? null;
      if (old && old.nextElementSibling === next) old.replaceWith(card);
      else {
        old?.remove();
        this.list.insertBefore(card, next);
      }
      if (focused) card.focus();
    }
    if (!this.list.isConnected && this.store.photos.length) this.root.replaceChildren(this.list, this.#end);
  }

  #card(photo) {
    const name = photo.name.split("/").pop();
    const card = el(
      "a",
      { class: classes(photo), href: `#/photo/${photo.id}`, role: "listitem", title: photo.name },
      el("div", { class: photo.state === "filed" ? "shown checked" : "shown" }, this.#pictures(photo), mark(photo)),
      el("div", { class: "caption" }, el("span", { class: "title" }, name), el("span", { class: "aside" }, when(photo.changed_s))),
      why(photo),
    );
    this.#cards.set(photo.id, card);
    return card;
  }

  #pictures(photo) {
    const picture = (name, attributes) => {
      const made = el("img", { alt: "", decoding: "async", draggable: "false", ...attributes });
      made.addEventListener("error", () => made.remove());
      return lazily(made, api.small(photo, name));
    };
    // Where nobody was found the result is empty, and says nothing.
    const empty = photo.flags.some((flag) => flag.reason === "nobody");
    if (photo.state === "filed" && photo.parts.length) return [this.#mosaic(photo)];
    if (photo.state !== "filed" || empty) return [picture("before", {})];
    const card = [picture("thumb", {})];
    // The original is fetched when somebody wants to compare.
    card[0].addEventListener("load", () => {
      const above = card[0].closest(".card");
      const once = () => above.querySelector(".before") ?? card[0].after(picture("before", { class: "before" }));
      above?.addEventListener("pointerenter", once, { once: true });
      above?.addEventListener("focus", once, { once: true });
    });
    return card;
  }

  // The first of the photos in one file, and how many there are.
  #mosaic(photo) {
    const four = photo.parts.slice(0, 4).map((part) => lazily(el("img", { alt: "", decoding: "async", draggable: "false" }), api.small({ id: photo.id, edition: part.edition }, "thumb")));
    for (const made of four) made.addEventListener("error", () => made.remove());
    return el("div", { class: "mosaic" }, ...four, el("b", { title: t("parts") }, number(photo.parts.length)));
  }

  #move(event) {
    const card = event.target.closest?.(".card");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const cards = [...this.list.children];
    const at = card ? cards.indexOf(card) + step : 0;
    cards[Math.max(0, Math.min(cards.length - 1, at))]?.focus();
  }
}

function classes(photo) {
  const words = ["card", photo.decided];
  if (toLook(photo)) words.push("to-look");
  if (isOpen(photo)) words.push("open");
  return words.filter(Boolean).join(" ");
}

function mark(photo) {
  if (!photo.decided) return null;
  const approved = photo.decided === "approved";
  return el("span", { class: `mark ${photo.decided}`, "aria-label": t(photo.decided) }, approved ? "✓" : "✕");
}

function why(photo) {
  if (photo.state === "failed") return el("div", { class: "why failed" }, photo.reason ?? t("state.failed"));
  if (isOpen(photo)) return el("div", { class: "why open" }, t(photo.redoing ? "state.redoing" : `state.${photo.state}`));
  if (!photo.flags.length) return el("div", { class: "why" }, "\u00a0");
  const more = photo.flags.length > 1 ? ` +${number(photo.flags.length - 1)}` : "";
  return el("div", { class: photo.decided ? "why open" : "why" }, reason(photo.flags[0]) + more);
}
