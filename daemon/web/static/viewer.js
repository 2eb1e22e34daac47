// A photo's layers in OpenSeadragon, one over the other, and the divider between two of them.

import * as api from "./api.js";
import { el } from "./dom.js";
import { reason, t } from "./texts.js";

const OpenSeadragon = window.OpenSeadragon;
const MOST_ZOOM = 8;
const STEP = 0.02;
// Of labels, in pixels: a letter's width, a line's height; and what the tools above take.
const LETTER = 7;
const LABEL = 20;
const TOOLS = 64;

export class Viewer extends EventTarget {
  mode = "compare";
  #layers = new Map();
  #divide = 0.5;
  #clips = "";

  constructor(stage) {
    super();
    this.stage = stage;
    this.root = el("div", { class: "viewer" });
    this.divider = el(
      "div",
      { class: "divider", role: "slider", tabindex: 0, "aria-label": t("divider"), "aria-valuemin": 0, "aria-valuemax": 100, hidden: true },
      el("span", { "aria-hidden": "true" }, "↔"),
    );
    this.left = el("div", { class: "corner left", hidden: true }, t("mode.original"));
    this.right = el("div", { class: "corner right", hidden: true });
    this.ground = el("div", { class: "ground checker", hidden: true });
    stage.append(this.ground, this.root, this.divider, this.left, this.right);
    this.osd = new OpenSeadragon.Viewer({
      element: this.root,
      drawer: "canvas",
      showNavigationControl: false,
      showNavigator: false,
      animationTime: 0.25,
      springStiffness: 9,
      visibilityRatio: 0.5,
      minZoomImageRatio: 0.7,
      maxZoomPixelRatio: MOST_ZOOM,
      zoomPerScroll: 1.3,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false },
      gestureSettingsTouch: { dblClickToZoom: false },
      preserveImageSizeOnResize: true,
      imageLoaderLimit: 4,
      keyboardNavEnabled: false,
    });
    this.osd.innerTracker.keyHandler = null;
    this.osd.innerTracker.keyDownHandler = null;
    this.osd.addHandler("update-viewport", () => this.#place());
    this.osd.addHandler("animation", () => this.#scaled());
    this.osd.addHandler("resize", () => requestAnimationFrame(() => this.#place()));
    this.osd.addHandler("canvas-double-click", (event) => this.zoomToggled(event.position));
    this.#listen();
  }

  get item() {
    return this.#layers.values().next().value?.item;
  }

  // Screen pixels for one of the photo's.
  get scale() {
    return this.item ? this.item.viewportToImageZoom(this.osd.viewport.getZoom(true)) : 1;
  }

  // The layers of a photo; of those that it has, in this order.
  async open(photo, { layers, after }, flags) {
    this.close();
    this.layers = layers;
    this.after = after;
    const asked = (this.asked = {});
    this.stage.classList.add("loading");
    const wanted = this.#needed();
    await Promise.all(wanted.map((name) => this.#add(photo, name, asked)));
    if (asked !== this.asked) return;
    this.photo = photo;
    this.#show();
    this.osd.viewport.goHome(true);
    this.#flag(flags);
    this.stage.classList.remove("loading");
    this.#scaled();
  }

  close() {
    this.asked = null;
    this.photo = null;
    this.osd.clearOverlays();
    this.osd.world.removeAll();
    this.ground.hidden = true;
    this.#layers.clear();
    this.#clips = "";
  }

  async show(mode) {
    this.mode = mode;
    if (!this.photo) return;
    const { photo, asked } = this;
    await Promise.all(this.#needed().map((name) => this.#add(photo, name, asked)));
    if (asked === this.asked) this.#show();
  }

  modes() {
    const has = (name) => this.layers?.includes(name);
    return [this.after && "compare", has("cutout") && "cutout", has("matte") && "matte", has("original") && "original", has("picture") && "picture"].filter(Boolean);
  }

  // While a key is held: the original, and then again what was shown.
  glance(original) {
    if (!this.#layers.has("original")) return;
    this.glancing = original;
    this.#show();
  }

  flagsShown(shown) {
    this.root.classList.toggle("unflagged", !shown);
    for (const place of this.places ?? []) place.hidden = !shown;
  }

  zoomToggled(at) {
    const viewport = this.osd.viewport;
    if (!this.item) return;
    if (Math.abs(this.scale - 1) < 0.02) return viewport.goHome();
    const point = at ? viewport.pointFromPixel(at) : viewport.getCenter();
    const zoom = this.item.imageToViewportZoom(1);
    viewport.zoomTo(zoom, point);
    if (!at) viewport.panTo(point);
  }

  zoomBy(factor) {
    this.osd.viewport.zoomBy(factor).applyConstraints();
  }

  fit() {
    this.osd.viewport.goHome();
  }

  goTo(place) {
    const [left, top, width, height] = place;
    const around = Math.max(width, height) * 0.75;
    const wanted = new OpenSeadragon.Rect(left - around, top - around, width + 2 * around, height + 2 * around);
    this.osd.viewport.fitBoundsWithConstraints(this.item.imageToViewportRectangle(wanted));
  }

  toImage(x, y) {
    const point = this.osd.viewport.pointFromPixel(new OpenSeadragon.Point(x, y), true);
    return this.item.viewportToImageCoordinates(point);
  }

  toScreen(x, y) {
    const point = this.item.imageToViewportCoordinates(x, y);
    return this.osd.viewport.pixelFromPoint(point, true);
  }

  #needed() {
    const wanted = this.mode === "compare" ? ["original", this.after] : [this.mode];
    const there = wanted.filter((name) => this.layers.includes(name));
    return there.length ? there : this.layers.slice(0, 1);
  }

  async #add(photo, name, asked) {
    if (this.#layers.has(name)) return this.#layers.get(name).ready;
    const entry = {};
    this.#layers.set(name, entry);
    entry.ready = api.layer(photo, name).then((told) => asked === this.asked && this.#opened(photo, name, told, entry));
    return entry.ready.catch(() => this.#layers.delete(name));
  }

  #opened(photo, name, told, entry) {
    const levels = Math.ceil(Math.log2(Math.max(told.width, told.height)));
    const base = `${api.pictures(photo)}/${name}`;
    const source = {
      width: told.width,
      height: told.height,
      tileSize: told.tile,
      tileOverlap: told.overlap,
      minLevel: 8,
      maxLevel: levels,
      getTileUrl: (level, x, y) => `${base}/${level}/${x}_${y}${told.extension}`,
      hasTransparency: () => told.extension === ".webp",
    };
    return new Promise((resolve, reject) => {
      this.osd.addTiledImage({
        tileSource: source,
        opacity: 0,
        success: ({ item }) => {
          entry.item = item;
          resolve();
        },
        error: reject,
      });
    });
  }

  #show() {
    const wanted = this.glancing ? ["original"] : this.#needed();
    for (const [name, { item }] of this.#layers) item?.setOpacity(wanted.includes(name) ? 1 : 0);
    const order = wanted.map((name) => this.#layers.get(name)?.item).filter(Boolean);
    order.forEach((item, at) => this.osd.world.setItemIndex(item, this.osd.world.getItemCount() - order.length + at));
    const divided = this.mode === "compare" && order.length === 2 && !this.glancing;
    for (const part of [this.divider, this.left, this.right]) part.hidden = !divided;
    this.right.textContent = t(`mode.${wanted[1] ?? wanted[0]}`);
    this.#clips = "";
    this.#place();
    this.dispatchEvent(new Event("shown"));
  }

  // The divider stays where it is on the screen; what is left of it is clipped to the original.
  #place() {
    const width = this.root.clientWidth;
    this.divider.style.left = `${this.#divide * width}px`;
    this.divider.setAttribute("aria-valuenow", Math.round(this.#divide * 100));
    const divided = !this.divider.hidden;
    const size = this.item?.getContentSize();
    this.ground.hidden = !size;
    if (!size) return;
    this.#lay(size);
    const at = divided ? Math.round(this.toImage(this.#divide * width, 0).x * 4) / 4 : 0;
    const clips = `${divided} ${at}`;
    if (clips === this.#clips) return;
    this.#clips = clips;
    const x = Math.max(0, Math.min(size.x, at));
    const [before, after] = this.#needed().map((name) => this.#layers.get(name)?.item);
    for (const { item } of this.#layers.values()) if (item !== before || !divided) item?.setClip(null);
    if (!divided) return;
    // A clip of no width would clip nothing.
    before?.setClip(new OpenSeadragon.Rect(0, 0, Math.max(x, 0.01), size.y));
    after?.setClip(new OpenSeadragon.Rect(Math.min(x, size.x - 0.01), 0, Math.max(size.x - x, 0.01), size.y));
    this.osd.forceRedraw();
  }

  // The ground that a cut-out stands on is as large as the photo.
  #lay(size) {
    const from = this.toScreen(0, 0);
    const to = this.toScreen(size.x, size.y);
    Object.assign(this.ground.style, {
      left: `${from.x}px`, top: `${from.y}px`, width: `${to.x - from.x}px`, height: `${to.y - from.y}px`,
    });
  }

  #scaled() {
    this.osd.drawer.setImageSmoothingEnabled?.(this.scale < 2);
    this.dispatchEvent(new Event("scaled"));
  }

  #flag(flags) {
    this.places = [];
    const labels = [];
    for (const flag of flags.filter((one) => one.place)) {
      const [left, top, width, height] = flag.place;
      const place = el("div", { class: "place" }, el("b", {}, reason(flag)));
      place.style.setProperty("--down", `${this.#down(flag, labels)}px`);
      this.places.push(place);
      const location = this.item.imageToViewportRectangle(left, top, width, height);
      this.osd.addOverlay({ element: place, location, checkResize: false });
    }
  }

  // How far down in its place a label goes, so that none covers another where all of the photo is seen.
  #down({ place: [left, top], ...flag }, labels) {
    const { x, y } = this.toScreen(left, top);
    const width = reason(flag).length * LETTER + LABEL;
    let at = Math.max(y, TOOLS);
    const covers = (one) => Math.abs(one.at - at) < LABEL && x < one.x + one.width && one.x < x + width;
    while (labels.some(covers)) at += LABEL;
    labels.push({ x, at, width });
    return at - y;
  }

  #listen() {
    const moved = (event) => {
      const box = this.stage.getBoundingClientRect();
      this.#move((event.clientX - box.left) / box.width);
    };
    this.divider.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.divider.focus();
      this.divider.setPointerCapture(event.pointerId);
      this.divider.addEventListener("pointermove", moved);
    });
    this.divider.addEventListener("pointerup", () => this.divider.removeEventListener("pointermove", moved));
    this.divider.addEventListener("pointercancel", () => this.divider.removeEventListener("pointermove", moved));
    this.divider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.#move(this.#divide + step);
    });
  }

  #move(share) {
    this.#divide = Math.max(0, Math.min(1, share));
    this.#place();
  }
}
