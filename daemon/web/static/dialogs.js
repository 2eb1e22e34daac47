// Questions that have to be answered first: the token, the profile, which keys there are.

import * as api from "./api.js";
import { el } from "./dom.js";
import { number, t, when } from "./texts.js";

function open(...content) {
  const dialog = el("dialog", {}, ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function askToken() {
  return new Promise((resolve) => {
    const token = el("input", { type: "password", autocomplete: "current-password", required: true, autofocus: true });
    const name = el("input", { maxlength: 40, autocomplete: "name", value: localStorage.getItem("matted-name") ?? "" });
    const wrong = el("div", { class: "wrong", role: "alert" });
    const form = el(
      "form",
      {},
      el("h2", {}, t("signin")),
      el("p", {}, t("signin.more")),
      el("label", {}, el("span", {}, t("token")), token),
      el("label", {}, el("span", {}, t("yourname")), name),
      wrong,
      el("div", { class: "buttons" }, el("button", { class: "primary" }, t("open"))),
    );
    const dialog = open(form);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      localStorage.setItem("matted-name", name.value);
      try {
        await api.signIn(token.value.trim(), name.value);
        dialog.close();
        resolve();
      } catch (error) {
        wrong.textContent = t(error.status === 429 ? "toomany" : error.status === 401 ? "wrongtoken" : "unreachable");
      }
    });
  });
}

export function askProfile(profiles) {
  return new Promise((resolve) => {
    const own = el("option", { value: "" }, t("redo.same"));
    const choice = el("select", { autofocus: true }, own, ...profiles.map((one) => el("option", { value: one }, one)));
    const form = el(
      "form",
      { method: "dialog" },
      el("h2", {}, t("redo")),
      el("p", {}, t("redo.more")),
      el("label", {}, el("span", {}, t("profile")), choice),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "button", class: "plain", onclick: () => dialog.close() }, t("cancel")),
        el("button", { class: "primary", value: "go" }, t("redo")),
      ),
    );
    const dialog = open(form);
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "go" ? { profile: choice.value || null } : null));
  });
}

export function askInbox(inboxes) {
  return new Promise((resolve) => {
    const choice = el("select", { autofocus: true }, ...inboxes.map((one) => el("option", { value: one }, one)));
    const cancel = el("button", { type: "button", class: "plain", onclick: () => dialog.close() }, t("cancel"));
    const form = el(
      "form",
      { method: "dialog" },
      el("h2", {}, t("upload")),
      el("label", {}, el("span", {}, t("inbox")), choice),
      el("div", { class: "buttons" }, cancel, el("button", { class: "primary", value: "go" }, t("upload"))),
    );
    const dialog = open(form);
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "go" ? choice.value : null));
  });
}

// How the next stations stand, and what was given up there.
export function showStations({ running, stations, failed, unreadable }) {
  const rows = stations.map((one) => el("tr", {}, el("td", {}, el("b", {}, one.name)), el("td", {}, ...stood(one))));
  const given = failed.map((one) => el("li", {}, el("b", {}, one.path ?? "?"), ` · ${one.station} · ${when(one.at_s)}`, el("small", {}, one.reason)));
  const close = el("button", { class: "primary", autofocus: true, onclick: () => dialog.close() }, t("close"));
  const dialog = open(
    el("h2", {}, t("stations")),
    running ? null : el("p", { class: "wrong" }, t("stations.stopped")),
    unreadable ? el("p", { class: "wrong" }, unreadable) : null,
    el("table", {}, ...rows),
    given.length ? [el("h3", {}, t("station.failed")), el("p", {}, t("station.again")), el("ul", { class: "given-up" }, ...given)] : null,
    el("div", { class: "buttons" }, close),
  );
}

function stood(one) {
  const counts = [t("station.counts", { waiting: number(one.waiting), failed: number(one.failed) })];
  if (one.since_s !== null) counts.push(t("station.since", { when: when(one.since_s) }));
  if (!one.wanted) counts.push(t("station.unnamed"));
  const away = one.away_s === null ? null : el("small", {}, `${t("station.away", { when: when(one.away_s) })}: ${one.reason}`);
  return [counts.join(" · "), away];
}

const KEYS = [
  ["← →", "key.next"], ["A", "approve"], ["R", "reject"], ["U", "undo"], ["D", "redo"], ["B", "brush"],
  ["1 … 5", "key.modes"], ["Z", "key.zoom"], ["+ −", "key.scale"], ["␣", "key.before"], ["C", "key.ground"],
  ["F", "key.flags"], ["Esc", "key.back"], ["[ ]", "key.size"], ["Enter", "brush.send"], ["?", "keys"],
];

export function showKeys() {
  const rows = KEYS.map(([key, told]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", {}, t(told))));
  const license = el("a", { href: "/static/vendor/openseadragon/LICENSE.txt", target: "_blank" }, "OpenSeadragon, BSD-3-Clause");
  const close = el("button", { class: "primary", autofocus: true, onclick: () => dialog.close() }, t("close"));
  const dialog = open(
    el("h2", {}, t("keys")),
    el("table", {}, ...rows),
    el("small", {}, t("madewith"), " ", license),
    el("div", { class: "buttons" }, close),
  );
}
