// The brush: strokes over the photo, in its own pixels, until they are sent or taken back.

import { el } from "./dom.js";

export const MARKS = ["person", "background", "hair"];
const COLOURS = { person: "rgb(90 220 130 / 55%)", background: "rgb(240 90 80 / 55%)", hair: "rgb(90 160 255 / 55%)" };
const CLOSEST = 1.5;

export class Brush extends EventTarget {
  mark = "person";
  size = 36;
  strokes = [];
  #drawing = null;
  #at = null;

  constructor(stage, viewer) {
    super();
    this.stage = stage;
    this.viewer = viewer;
    this.canvas = el("canvas", { class: "brush" });
    this.redraw = () => this.#draw();
    for (const [name, act] of Object.entries({
      pointerdown: (event) => this.#begin(event),
      pointermove: (event) => this.#move(event),
      pointerup: () => this.#end(),
      pointercancel: () => this.#end(),
      pointerleave: () => this.#leave(),
      wheel: (event) => this.#wheel(event),
    })) this.canvas.addEventListener(name, act, { passive: false });
  }

  get on() {
    return this.canvas.isConnected;
  }

  start() {
    this.strokes = [];
    this.stage.append(this.canvas);
    this.viewer.osd.addHandler("update-viewport", this.redraw);
    this.#draw();
    this.#changed();
  }

  stop() {
    this.canvas.remove();
    this.viewer.osd.removeHandler("update-viewport", this.redraw);
    this.panning(false);
  }

  // While space is held the photo is moved instead.
  panning(on) {
    this.moving = on;
    this.stage.classList.toggle("panning", on);
    this.#changed();
  }

  take(mark) {
    this.mark = mark;
    this.#changed();
    this.#draw();
  }

  sized(size) {
    this.size = Math.max(4, Math.min(200, size));
    this.#changed();
    this.#draw();
  }

  back() {
    this.strokes.pop();
    this.#changed();
    this.#draw();
  }

  // As the API takes them.
  told() {
    return this.strokes.map(({ mark, width, points }) => ({
      mark,
      width: Math.max(1, Math.round(width * 10) / 10),
      points: points.map(([x, y]) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10]),
    }));
  }

  #begin(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.#drawing = { mark: this.mark, width: this.size / this.viewer.scale, points: [this.#point(event)] };
    this.strokes.push(this.#drawing);
    this.#draw();
  }

  #move(event) {
    const box = this.canvas.getBoundingClientRect();
    this.#at = [event.clientX - box.left, event.clientY - box.top];
    if (this.#drawing) {
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.#add(this.#point(one));
    }
    this.#draw();
  }

  #add(point) {
    const [x, y] = this.#drawing.points.at(-1);
    const far = Math.hypot(point[0] - x, point[1] - y) * this.viewer.scale;
    if (far >= CLOSEST) this.#drawing.points.push(point);
  }

  #end() {
    if (!this.#drawing) return;
    this.#drawing = null;
    this.#changed();
  }

  #leave() {
    this.#at = null;
    this.#draw();
  }

  #wheel(event) {
    event.preventDefault();
    if (event.shiftKey) return this.sized(this.size * (event.deltaY < 0 ? 1.15 : 0.87));
    const box = this.canvas.getBoundingClientRect();
    const at = new window.OpenSeadragon.Point(event.clientX - box.left, event.clientY - box.top);
    const viewport = this.viewer.osd.viewport;
    viewport.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, viewport.pointFromPixel(at)).applyConstraints();
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const { x, y } = this.viewer.toImage(event.clientX - box.left, event.clientY - box.top);
    return [x, y];
  }

  #draw() {
    const ratio = devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.canvas.width !== width * ratio || this.canvas.height !== height * ratio) {
      this.canvas.width = width * ratio;
      this.canvas.height = height * ratio;
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes) this.#line(pen, stroke);
    if (this.#at) this.#cursor(pen);
  }

  #line(pen, { mark, width, points }) {
    pen.strokeStyle = COLOURS[mark];
    pen.lineWidth = width * this.viewer.scale;
    pen.beginPath();
    points.forEach(([x, y], at) => {
      const { x: left, y: top } = this.viewer.toScreen(x, y);
      if (at === 0) pen.moveTo(left, top);
      pen.lineTo(left, top);
    });
    pen.stroke();
  }

  #cursor(pen) {
    pen.lineWidth = 1.5;
    for (const [colour, radius] of [["rgb(0 0 0 / 60%)", this.size / 2 + 1.2], ["#fff", this.size / 2]]) {
      pen.strokeStyle = colour;
      pen.beginPath();
      pen.arc(...this.#at, radius, 0, 7);
      pen.stroke();
    }
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}
