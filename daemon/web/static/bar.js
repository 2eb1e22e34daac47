// What stands above everything: which photos, and how the daemon is.

import { showStations } from "./dialogs.js";
import { el } from "./dom.js";
import { languages, current, number, t } from "./texts.js";

const CHOICES = ["look", "today", "approved", "rejected", "failed", "all"];

export class Bar {
  constructor(root, store, acts) {
    this.root = root;
    this.store = store;
    this.acts = acts;
    for (const name of ["listed", "grown", "changed", "heard"]) store.addEventListener(name, () => this.#fresh());
  }

  draw() {
    this.tabs = new Map(CHOICES.map((choice) => [choice, this.#tab(choice)]));
    this.state = el("div", { class: "state", role: "status" }, el("i"), el("span"));
    this.stations = el("button", { class: "plain stations", hidden: true, onclick: () => showStations(this.store.daemon.stations) });
    this.root.replaceChildren(
      el("div", { class: "name" }, el("img", { src: "/static/icon.svg", alt: "" }), el("span", {}, "matted")),
      el("nav", { role: "tablist" }, ...this.tabs.values()),
      el("div", { class: "space" }),
      this.state,
      this.stations,
      this.acts.upload ? this.#upload() : null,
      this.#language(),
      el("button", { class: "plain icon", title: t("keys"), "aria-label": t("keys"), onclick: this.acts.help }, "?"),
    );
    this.#fresh();
  }

  #tab(choice) {
    const act = () => this.acts.choose(choice);
    return el("button", { class: choice, role: "tab", "data-choice": choice, onclick: act }, t(`show.${choice}`), el("span", { class: "count" }));
  }

  #upload() {
    const field = el("input", { type: "file", multiple: true, accept: "image/*", hidden: true });
    field.addEventListener("change", () => this.acts.upload([...field.files]));
    return el("button", { class: "plain", onclick: () => field.click() }, field, "↑", el("span", { class: "long" }, t("upload")));
  }

  #language() {
    const act = (event) => this.acts.language(event.target.value);
    const options = Object.entries(languages).map(([one, name]) => el("option", { value: one, selected: one === current() }, name));
    return el("select", { class: "button plain", "aria-label": t("language"), onchange: act }, ...options);
  }

  #fresh() {
    if (!this.tabs) return;
    const { numbers, choice, daemon } = this.store;
    for (const [name, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(name === choice));
      tab.querySelector(".count").textContent = numbers[name] ? number(numbers[name]) : "";
      tab.classList.toggle("look", name === "look" && numbers.look > 0);
    }
    const open = (numbers.waiting ?? 0) + (numbers.working ?? 0);
    const kind = !daemon.running ? "stopped" : daemon.paused ? "paused" : open ? "busy" : "idle";
    this.state.className = `state ${kind}`;
    const counts = { waiting: number(numbers.waiting ?? 0), working: number(numbers.working ?? 0) };
    this.state.querySelector("span").textContent = t(`daemon.${kind}`, { reason: daemon.paused ?? "", ...counts });
    this.state.title = daemon.paused ?? "";
    this.#stand(daemon.stations);
  }
  // The next stations: there where photos wait for one, or were given up.
  #stand(stations) {
    const sum = (name) => stations.stations.reduce((all, one) => all + one[name], 0);
    this.stations.hidden = !stations || !(stations.troubled || sum("waiting"));
    if (this.stations.hidden) return;
    this.stations.classList.toggle("troubled", stations.troubled);
    const told = [t("stations"), t("station.counts", { waiting: number(sum("waiting")), failed: number(sum("failed")) })];
    this.stations.title = told.join(": ");
    this.stations.setAttribute("aria-label", this.stations.title);
    const count = number(sum("waiting") + sum("failed"));
    this.stations.replaceChildren("⇥", el("span", { class: "long" }, t("stations")), el("span", { class: "count" }, count));
  }
}
