// One photo, large: looked at, decided about, touched up.

import * as api from "./api.js";
import { Brush, MARKS } from "./brush.js";
import { askProfile } from "./dialogs.js";
import { el, tell } from "./dom.js";
import { panel } from "./panel.js";
import { isOpen, partOf } from "./store.js";
import { t } from "./texts.js";
import { BrushBar, GROUNDS, Tools } from "./tools.js";
import { Viewer } from "./viewer.js";

export class PhotoView {
  #ground = 0;
  #flags = true;

  constructor(root, store, acts) {
    this.root = root;
    this.store = store;
    this.acts = acts;
    store.addEventListener("changed", (event) => this.#heard(event.detail));
    store.addEventListener("heard", () => this.open && store.daemon.stations && this.#load());
  }

  get open() {
    return !this.root.hidden;
  }

  draw() {
    this.stage = el("div", { class: "stage" });
    this.panel = el("aside", { class: "panel" });
    this.root.replaceChildren(this.stage, this.panel);
    this.viewer = new Viewer(this.stage);
    this.brush = new Brush(this.stage, this.viewer);
    this.waiting = el("div", { class: "waiting", hidden: true });
    this.banner = el("div", { class: "banner", hidden: true });
    this.tools = new Tools({
      back: this.acts.back, step: (by) => this.step(by), mode: (mode) => this.#mode(mode),
      ground: (at, colour) => this.#setGround(at, colour), zoom: () => this.viewer.zoomToggled(), scale: (by) => this.viewer.zoomBy(by),
    });
    this.bar = new BrushBar(this.brush, { send: () => this.#send(), end: () => this.#endBrush() });
    this.stage.append(this.tools.root, this.bar.root, this.waiting, this.banner);
    this.viewer.addEventListener("scaled", () => this.tools.scaled(this.viewer.scale));
    this.viewer.addEventListener("shown", () => this.#fresh());
    this.brush.addEventListener("changed", () => this.#fresh());
  }

  async show(id, part = 1) {
    this.root.hidden = false;
    if (!this.viewer) this.draw();
    this.#endBrush();
    this.id = id;
    this.part = part;
    this.photo = null;
    this.showing = null;
    this.panel.setAttribute("aria-busy", "true");
    delete this.root.dataset.photo;
    this.viewer.close();
    await this.#load();
  }

  hide() {
    this.root.hidden = true;
    this.id = null;
    this.showing = null;
    if (!this.viewer) return;
    this.#endBrush();
    this.viewer.close();
  }

  // Keys; returns whether one was of use.
  key(event, down) {
    if (event.key === " ") return this.#space(down);
    if (!down) return false;
    const brushed = this.brush.on && this.#brushKey(event);
    if (brushed) return true;
    const acts = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), k: () => this.step(-1), j: () => this.step(1),
      a: () => this.#decide("approve"), r: () => this.#decide("reject"), u: () => this.#decide("undo"), d: () => this.#redo(),
      b: () => this.#toggleBrush(), z: () => this.viewer.zoomToggled(), 0: () => this.viewer.fit(),
      "+": () => this.viewer.zoomBy(1.4), "=": () => this.viewer.zoomBy(1.4), "-": () => this.viewer.zoomBy(1 / 1.4),
      c: () => this.#nextGround(), f: () => this.#toggleFlags(),
      Escape: () => (this.brush.on ? this.#endBrush() : this.acts.back()),
    };
    const mode = this.viewer.modes()[Number(event.key) - 1];
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? (mode && (() => this.#mode(mode)));
    act?.();
    return Boolean(act);
  }

  // To the next photo; in a file that holds several, to the next of these first.
  async step(by) {
    const part = this.part + by;
    if (part >= 1 && part <= (this.photo?.parts.length ?? 0)) return this.acts.open(this.id, part);
    return this.#stepFile(by);
  }

  async #stepFile(by) {
    const at = this.store.index(this.id) + by;
    if (at >= this.store.photos.length - 5) this.store.more();
    const next = this.store.photos[at];
    if (next) this.acts.open(next.id, by < 0 ? Math.max(1, next.parts.length) : 1);
  }

  async #load() {
    const id = this.id;
    const photo = await api.one(id).catch((error) => tell(error.message || t("unreachable"), true));
    if (!photo || id !== this.id) return;
    const other = photo.edition !== this.photo?.edition || photo.state !== this.photo?.state;
    this.photo = photo;
    this.part = Math.min(this.part, Math.max(1, photo.parts.length));
    const shown = partOf(photo, this.part);
    this.panel.removeAttribute("aria-busy");
    this.#fresh();
    this.root.dataset.photo = id;
    if (!other) return;
    // What was filed before stays in sight while it is redone.
    if (photo.redoing && this.viewer.photo) return;
    // News of a photo whose picture is the same, a decision, come while that is being prepared.
    const showing = (this.showing = {});
    this.#wait(t(photo.state === "filed" ? "preparing" : `state.${photo.state}`));
    const told = await api.shown(shown).catch(() => ({ layers: [], after: null }));
    if (showing !== this.showing) return;
    if (!told.layers.length) return this.#wait(t(photo.state === "filed" ? "nopicture" : `state.${photo.state}`));
    await this.viewer.open(shown, told, shown.flags);
    if (showing !== this.showing) return;
    this.#wait(null);
    this.viewer.flagsShown(this.#flags);
    this.#fresh();
    this.#prepareNext();
  }

  // The next one's tiles are made while this one is looked at.
  #prepareNext() {
    const next = this.store.photos[this.store.index(this.id) + 1];
    const here = this.part < this.photo.parts.length ? partOf(this.photo, this.part + 1) : next && partOf(next, 1);
    if (here?.state === "filed") for (const layer of ["original", "cutout"]) api.layer(here, layer).catch(() => null);
  }

  #wait(text) {
    this.waiting.hidden = text === null;
    this.waiting.textContent = text;
  }

  #heard(photos) {
    if (this.open && photos.some((photo) => photo.id === this.id)) this.#load();
  }

  async #decide(decision) {
    const { id } = this;
    if (!this.photo || (decision !== "undo" && this.photo.state !== "filed")) return;
    try {
      await api.decide(id, decision);
    } catch (error) {
      tell(error.message || t("unreachable"), true);
      return;
    }
    tell(t(`done.${decision}`));
    if (id !== this.id) return;
    if (decision === "undo") await this.#load();
    else if (this.store.index(id) < this.store.photos.length - 1) this.#stepFile(1);
    else await this.#load();
  }

  async #redo() {
    const { id } = this;
    if (this.photo?.state !== "filed") return;
    const wish = await askProfile(this.acts.profiles());
    if (wish) await this.#ask(id, wish);
  }

  async #ask(id, wish) {
    try {
      await api.redo(id, wish);
    } catch (error) {
      tell(error.message || t("unreachable"), true);
      return false;
    }
    tell(t("done.redo"));
    if (id === this.id) await this.#load();
    return true;
  }

  // The brush

  async #send() {
    const { id } = this;
    const strokes = this.brush.told();
    if (strokes.length && (await this.#ask(id, { strokes })) && id === this.id) this.#endBrush();
  }

  #toggleBrush() {
    if (this.brush.on) return this.#endBrush();
    if (this.photo?.state !== "filed" || this.photo.parts.length || !this.viewer.after) return;
    this.before = this.viewer.mode;
    this.brush.start();
    this.viewer.flagsShown(false);
    this.#mode("compare");
  }

  #endBrush() {
    if (!this.brush?.on) return;
    this.brush.stop();
    this.viewer.flagsShown(this.#flags);
    this.#mode(this.before);
  }

  #brushKey(event) {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) this.brush.back();
    else if (["1", "2", "3"].includes(event.key)) this.brush.take(MARKS[Number(event.key) - 1]);
    else if (event.key === "[") this.brush.sized(this.brush.size * 0.8);
    else if (event.key === "]") this.brush.sized(this.brush.size * 1.25);
    else if (event.key === "Enter") this.#send();
    else return ["a", "r", "u", "d"].includes(event.key.toLowerCase());
    return true;
  }

  #space(down) {
    if (this.brush.on) this.brush.panning(down);
    else this.viewer.glance(down);
    return true;
  }

  // What it looks like

  #mode(mode) {
    this.viewer.show(mode);
    this.#fresh();
  }

  #nextGround() {
    this.#setGround((this.#ground + 1) % (GROUNDS.length - 1));
  }

  #setGround(at, colour = "") {
    this.#ground = at;
    this.viewer.ground.className = `ground ${GROUNDS[at]}`;
    this.viewer.ground.style.background = colour;
    this.#fresh();
  }

  #toggleFlags() {
    this.#flags = !this.#flags;
    this.viewer.flagsShown(this.#flags);
  }

  #fresh() {
    const { photo, viewer } = this;
    this.tools.fresh(viewer, this.#ground);
    this.bar.fresh();
    if (!photo) return;
    this.banner.hidden = !(photo.redoing && viewer.photo);
    this.banner.textContent = t(isOpen(photo) ? "state.redoing" : "state.failed");
    const acts = {
      approve: () => this.#decide("approve"), reject: () => this.#decide("reject"), undo: () => this.#decide("undo"),
      open: (part) => this.acts.open(photo.id, part),
      redo: () => this.#redo(), brush: () => this.#toggleBrush(), goTo: (place) => viewer.goTo(place),
    };
    const top = this.panel.querySelector(".scroll")?.scrollTop ?? 0;
    const focused = document.activeElement?.closest(".actions button")?.className;
    this.panel.replaceChildren(...panel(photo, this.part, acts).filter(Boolean));
    this.panel.querySelector(".scroll").scrollTop = top;
    if (focused) this.panel.querySelector(`.actions .${focused}`)?.focus();
  }
}
