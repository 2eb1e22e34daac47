// What is known of a photo, beside it.

import * as api from "./api.js";
import { el } from "./dom.js";
import { partOf } from "./store.js";
import { bytes, number, reason, share, t, when } from "./texts.js";

export function panel(whole, part, acts) {
  const photo = partOf(whole, part);
  return [
    el(
      "div",
      { class: "scroll" },
      el("h1", {}, photo.name.split("/").pop()),
      el("p", { class: "sub" }, [photo.folder, when(photo.changed_s)].join(" · ")),
      photo.decided ? el("div", { class: `decided ${photo.decided}` }, t(photo.decided)) : null,
      photo.reason ? el("p", { class: "sub" }, photo.reason) : null,
      parts(photo, part, acts),
      flags(photo, acts),
      facts(photo),
      files(photo, part),
      handovers(photo),
      history(photo),
    ),
    actions(photo, acts),
  ];
}

// The photos in one file: pages, prints on a scan.
function parts(photo, part, acts) {
  if (!photo.parts.length) return null;
  const buttons = photo.parts.map((each, at) => {
    const named = [each.page && t("part.page", { number: each.page }), each.print && t("part.print", { number: each.print })];
    const name = named.filter(Boolean).join(", ");
    const small = el("img", { src: api.small({ id: photo.id, edition: each.edition }, "thumb"), alt: "", loading: "lazy" });
    const look = { class: each.flags.length ? "to-look" : null, "aria-pressed": String(at + 1 === part) };
    return el("button", { ...look, title: name, "aria-label": name, onclick: () => acts.open(at + 1) }, small);
  });
  return [el("h2", {}, t("parts")), el("div", { class: "parts" }, ...buttons), el("p", { class: "sub" }, t("parts.more"))];
}

function flags(photo, acts) {
  if (!photo.flags.length) return null;
  const lines = photo.flags.map((flag) =>
    el("li", {}, el("button", { disabled: !flag.place, onclick: () => acts.goTo(flag.place) }, reason(flag))),
  );
  return [el("h2", {}, t("flags")), el("ul", { class: "flags" }, ...lines)];
}

function facts(photo) {
  const { size, filed } = photo;
  const rows = [];
  if (size) {
    rows.push(["fact.size", `${number(size[0])} × ${number(size[1])} · ${number(Math.round((size[0] * size[1]) / 1e5) / 10)} MP`]);
  }
  rows.push(["fact.bytes", bytes(photo.bytes)]);
  if (filed) {
    if (filed.people !== null) rows.push(["fact.people", number(filed.people)]);
    if (filed.covered !== null) rows.push(["fact.covered", share(filed.covered)]);
    rows.push(["fact.engine", filed.engine === "touch-up" ? t("brush") : filed.engine], ["fact.refiner", filed.refiner]);
    const took = Object.values(filed.took_s).reduce((sum, one) => sum + one, 0);
    rows.push(["fact.took", `${number(Math.round(took * 10) / 10)} s`]);
  }
  if (photo.filings > 1) rows.push(["fact.filings", number(photo.filings)]);
  const lines = rows.flatMap(([key, value]) => [el("dt", {}, t(key)), el("dd", {}, value)]);
  const warnings = (filed?.warnings ?? []).map((one) => el("p", { class: "sub" }, one));
  return [el("h2", {}, t("facts")), el("dl", {}, ...lines), ...warnings];
}

function files(photo, part) {
  const link = (path, name) => el("li", {}, el("a", { href: path, download: "", title: name }, `↓ ${shortened(name.split("/").pop(), photo)}`));
  const base = `/api/photos/${photo.id}`;
  const own = photo.parts[part - 1]?.files;
  const shown = photo.files.filter((file) => !own || own.includes(file.number));
  const results = shown.map((file) => link(`${base}/files/${file.number}`, file.name));
  return [el("h2", {}, t("files")), el("ul", { class: "files" }, ...results, link(`${base}/original`, t("mode.original")))];
}

// What tells one result from the other stays in sight.
function shortened(name, photo) {
  const stem = photo.name.split("/").pop().replace(/\.[^.]*$/, "");
  return name.length > 28 && name.startsWith(stem) ? `… ${name.slice(stem.length)}` : name;
}

function handovers(photo) {
  if (!photo.handovers.length) return null;
  const lines = photo.handovers.map((one) =>
    el("li", { class: one.state }, el("b", {}, one.station), `${t(`station.${one.state}`)} · ${when(one.at_s)}`, one.reason ? el("small", {}, one.reason) : null),
  );
  return [el("h2", {}, t("stations")), el("ul", { class: "history handovers" }, ...lines)];
}

function history(photo) {
  if (!photo.decisions.length) return null;
  const lines = photo.decisions.toReversed().map((one) =>
    el("li", { class: one.undone ? "undone" : null }, el("b", {}, t(one.verdict)), `${one.who} · ${when(one.at_s)}`),
  );
  return [el("h2", {}, t("history")), el("ul", { class: "history" }, ...lines)];
}

function actions(photo, acts) {
  const filed = photo.state === "filed";
  const done = photo.decisions.some((one) => !one.undone && one.verdict !== "undone");
  const button = (name, key, enabled, attributes = {}) =>
    el("button", { class: name, disabled: !enabled, onclick: acts[name], ...attributes }, t(name), el("kbd", {}, key));
  return el(
    "div",
    { class: "actions" },
    button("approve", "A", filed, { "aria-pressed": String(photo.decided === "approved") }),
    button("reject", "R", filed, { "aria-pressed": String(photo.decided === "rejected") }),
    button("redo", "D", filed),
    button("brush", "B", filed && !photo.parts.length),
    button("undo", "U", done),
  );
}
