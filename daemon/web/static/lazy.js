// Small pictures, fetched when they are in sight and a few at a time: a browser has six connections to
// one server, and decisions must not wait behind pictures.

const MOST = 3;
const waiting = new Map();
let fetching = 0;

const sight = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting && target.dataset.src) waiting.set(target, target.dataset.src);
      else waiting.delete(target);
    }
    begin();
  },
  { rootMargin: "300px" },
);

export function lazily(image, source) {
  image.dataset.src = source;
  sight.observe(image);
  return image;
}

function begin() {
  while (fetching < MOST && waiting.size) {
    const [image, source] = waiting.entries().next().value;
    waiting.delete(image);
    sight.unobserve(image);
    if (!image.isConnected) continue;
    delete image.dataset.src;
    fetching += 1;
    const done = () => {
      fetching -= 1;
      begin();
    };
    image.addEventListener("load", done, { once: true });
    image.addEventListener("error", done, { once: true });
    image.src = source;
  }
}
