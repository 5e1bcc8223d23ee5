// What a program of this folder is asked to do, and the one tool that it has.

const flags = process.argv.slice(5);
export const asked = {
  face: process.argv[2],
  model: process.argv[3],
  ask: process.argv[4],
  isWhole: flags.includes("--whole"),
  hasTools: flags.includes("--tools"),
};
export const { GATEWAY_URL: url, GATEWAY_KEY: key } = process.env;
export const name = "read_file";
export const about = "Reads a file.";
export const schema = {
  type: "object",
  properties: { path: { type: "string" } },
  required: ["path"],
  additionalProperties: false,
};
export const mostRounds = 5;

export function readFile({ path }) {
  return path === process.env.FILE ? process.env.CONTENT : `There is no ${path}.`;
}
