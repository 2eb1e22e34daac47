// What lies over the photo: which layer, on which ground, how large; and below it the brush's own.

import { MARKS } from "./brush.js";
import { el } from "./dom.js";
import { t } from "./texts.js";

export const GROUNDS = ["checker", "white", "grey", "black", "colour"];
const MODES = ["compare", "cutout", "matte", "original", "picture"];
const DOTS = { person: "#5adc82", background: "#f05a50", hair: "#5aa0ff" };

const icon = (text, key, act, kind = "") => el("button", { class: `icon ${kind}`, title: t(key), "aria-label": t(key), onclick: act }, text);
const pressed = (button, on) => button.setAttribute("aria-pressed", String(Boolean(on)));

export class Tools {
  // acts: back, step(by), mode(name), ground(at, colour), zoom(), scale(factor)
  constructor(acts) {
    this.modes = MODES.map((mode) => el("button", { "data-mode": mode, onclick: () => acts.mode(mode) }, t(`mode.${mode}`)));
    this.zoom = el("button", { class: "zoom", title: t("key.zoom"), onclick: acts.zoom }, "100 %");
    this.root = el(
      "div",
      { class: "tools" },
      el("div", {}, icon("▦", "key.back", acts.back), icon("←", "previous", () => acts.step(-1)), icon("→", "next", () => acts.step(1))),
      el("div", { role: "toolbar" }, ...this.modes),
      el("div", {}, ...this.#grounds(acts)),
      el("div", {}, icon("−", "smaller", () => acts.scale(1 / 1.4), "scale"), this.zoom, icon("+", "larger", () => acts.scale(1.4), "scale")),
    );
  }

  #grounds(acts) {
    const colour = el("input", { type: "color", value: "#3a6ea5", tabindex: -1, "aria-label": t("ground.colour") });
    colour.addEventListener("input", () => acts.ground(GROUNDS.indexOf("colour"), colour.value));
    this.grounds = GROUNDS.map((name, at) => {
      const act = () => (name === "colour" ? colour.click() : acts.ground(at));
      return icon(el("span", { class: `swatch ${name}` }), `ground.${name}`, act);
    });
    return [...this.grounds, colour];
  }

  scaled(scale) {
    this.zoom.textContent = `${Math.round(scale * 100)} %`;
  }

  fresh(viewer, ground) {
    const there = viewer.photo ? viewer.modes() : [];
    for (const button of this.modes) {
      button.hidden = !there.includes(button.dataset.mode);
      pressed(button, button.dataset.mode === viewer.mode);
    }
    this.grounds.forEach((button, at) => pressed(button, at === ground));
  }
}

export class BrushBar {
  // acts: send(), end()
  constructor(brush, acts) {
    this.brush = brush;
    this.marks = MARKS.map((name, at) => this.#mark(name, at));
    this.hand = icon("✥", "brush.move", () => brush.panning(!brush.moving));
    this.size = el("input", { type: "range", min: 4, max: 200, "aria-label": t("key.size") });
    this.size.addEventListener("input", () => brush.sized(Number(this.size.value)));
    this.sending = el("button", { class: "send", onclick: acts.send }, t("brush.send"));
    this.taking = el("button", { onclick: () => brush.back() }, t("brush.back"));
    this.root = el(
      "div",
      { class: "tools brushbar", hidden: true },
      el("div", {}, this.hand, ...this.marks, this.size, this.taking, this.sending, el("button", { onclick: acts.end }, t("cancel"))),
    );
  }

  #mark(name, at) {
    const dot = el("span", { class: "dot" });
    dot.style.background = DOTS[name];
    return el("button", { "data-mark": name, onclick: () => this.brush.take(name) }, dot, t(`mark.${name}`), el("kbd", {}, at + 1));
  }

  fresh() {
    const { brush } = this;
    this.root.hidden = !brush.on;
    for (const button of this.marks) pressed(button, button.dataset.mark === brush.mark);
    this.size.value = brush.size;
    pressed(this.hand, brush.moving);
    this.sending.disabled = this.taking.disabled = !brush.strokes.length;
  }
}
