// What the player wants, from mouse, fingers and keys: a heading, a thrust, a boost.

const directions = { ArrowRight: [1, 0], KeyD: [1, 0], ArrowLeft: [-1, 0], KeyA: [-1, 0], ArrowDown: [0, 1], KeyS: [0, 1], ArrowUp: [0, -1], KeyW: [0, -1] };
const idleDistance = 24; // px from the ship within which the pointer means: stay
const fullDistance = 130; // px from which it means: as fast as it goes

export class Input {
  steering = { heading: 0, thrust: 0, boosts: false };
  #keys = new Set();
  #pointer = null; // where on the canvas; null: away
  #steers = null; // the pointer that steers: another finger boosts
  #boosters = new Set();
  #isEnabled = false;

  constructor(canvas, boostButton) {
    const place = ({ offsetX, offsetY }) => ({ x: offsetX, y: offsetY });
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.#isEnabled) return;
      canvas.setPointerCapture(event.pointerId);
      if (event.pointerType === "mouse" || this.#steers !== null) this.#boosters.add(event.pointerId);
      if (this.#steers === null || event.pointerType === "mouse") {
        this.#steers = event.pointerId;
        this.#pointer = place(event);
      }
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" || event.pointerId === this.#steers) this.#pointer = place(event);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => {
        this.#boosters.delete(event.pointerId);
        if (event.pointerId !== this.#steers) return;
        this.#steers = null;
        if (event.pointerType !== "mouse") this.#pointer = null;
      });
    }
    canvas.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && (this.#pointer = null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    boostButton.addEventListener("pointerdown", (event) => {
      boostButton.setPointerCapture(event.pointerId);
      this.#boosters.add("button");
    });
    for (const name of ["pointerup", "pointercancel"]) boostButton.addEventListener(name, () => this.#boosters.delete("button"));
    addEventListener("keydown", (event) => this.#key(event, true));
    addEventListener("keyup", (event) => this.#key(event, false));
    addEventListener("blur", () => this.#release());
  }

  enable(isEnabled) {
    this.#isEnabled = isEnabled;
    if (!isEnabled) this.#release();
  }

  #release() {
    this.#keys.clear();
    this.#boosters.clear();
    this.#steers = null;
  }

  #key(event, isDown) {
    if (!this.#isEnabled || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("a, button, input") || !(event.code in directions || event.code === "Space")) return;
    event.preventDefault();
    if (isDown) this.#keys.add(event.code);
    else this.#keys.delete(event.code);
  }

  /** Once for each frame. @param ship where the own ship is on the canvas */
  read(ship) {
    const boosts = this.#boosters.size > 0 || this.#keys.has("Space");
    let [x, y] = [0, 0];
    for (const code of this.#keys) {
      x += directions[code]?.[0] ?? 0;
      y += directions[code]?.[1] ?? 0;
    }
    let thrust = x || y ? 1 : 0;
    if (!thrust && this.#pointer && ship) {
      [x, y] = [this.#pointer.x - ship.x, this.#pointer.y - ship.y];
      thrust = Math.min(1, Math.max(0, (Math.hypot(x, y) - idleDistance) / (fullDistance - idleDistance)));
    }
    const heading = thrust ? Math.atan2(y, x) : this.steering.heading;
    this.steering = { heading, thrust: boosts ? Math.max(thrust, 0.6) : thrust, boosts };
    return this.steering;
  }
}
