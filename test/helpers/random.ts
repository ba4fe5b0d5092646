/** A whole number from `min` to `max`, both included, with every order of magnitude as likely. */
export function logUniform(random: () => number, min: number, max: number): number {
  return Math.round(Math.exp(Math.log(min) + random() * (Math.log(max) - Math.log(min))));
}
