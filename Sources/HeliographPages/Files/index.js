// The start page's live figures: the server sends its state once a second over /demo/status.
import { Connection, showState } from "/assets/socket.js";

const byID = (id) => document.getElementById(id);
const connection = new Connection("/demo/status");
const scene = byID("scene");
const number = new Intl.NumberFormat();
const renderState = showState(connection, byID("state"), { open: "Live" });

connection.onstate = () => {
  renderState();
  // An old figure that looks live would be a lie.
  if (connection.state !== "open") for (const id of ["uptime", "sockets", "messages", "people"]) byID(id).textContent = "–";
};

connection.onmessage = (data) => {
  if (typeof data !== "string") return;
  const status = JSON.parse(data);
  byID("uptime").textContent = duration(status.uptime);
  byID("sockets").textContent = number.format(status.sockets);
  byID("messages").textContent = number.format(status.messages);
  byID("people").textContent = number.format(status.people);
  flash();
};

function duration(seconds) {
  const parts = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const words = [];
  let rest = Math.floor(seconds);
  for (const [size, unit] of parts) {
    if (rest >= size || (unit === "s" && words.length === 0)) words.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  return words.slice(0, 2).join(" ");
}

let fading = null;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function flash() {
  if (calm.matches) return;
  clearTimeout(fading);
  scene.classList.add("flash");
  fading = setTimeout(() => scene.classList.remove("flash"), 140);
}

const origin = location.origin.replace(/^http/, "ws");
for (const element of document.querySelectorAll("[data-url]")) element.textContent = origin + element.dataset.url;

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it by hand"; // Browsers give no clipboard to pages without TLS.
    }
    setTimeout(() => (button.textContent = "Copy"), 2_000);
  });
}

connection.start();
