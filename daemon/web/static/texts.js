// The words of the page, in the first of the browser's languages that there is.

const LANGUAGES = { en: "English", de: "Deutsch", zh: "中文" };
const KEPT = "matted-language";
let words = {};
let language = "en";

export const languages = LANGUAGES;
export const current = () => language;

function chosen() {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept, ...navigator.languages].filter(Boolean);
  return wanted.map((one) => one.slice(0, 2).toLowerCase()).find((one) => one in LANGUAGES) ?? "en";
}

export async function load() {
  language = chosen();
  words = await (await fetch(`/static/texts/${language}.json`)).json();
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
}

export async function choose(one) {
  localStorage.setItem(KEPT, one);
  await load();
}

export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const number = (value) => new Intl.NumberFormat(language).format(value);

export const share = (value) =>
  new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(value);

export function when(seconds) {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, style).format(date);
}

export function bytes(value) {
  const [scale, unit] = value < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  const scaled = value / scale;
  const format = new Intl.NumberFormat(language, { maximumFractionDigits: scaled < 10 ? 1 : 0 });
  return `${format.format(scaled)} ${unit}`;
}

export const reason = (flag) => t(`flag.${flag.reason}`);
