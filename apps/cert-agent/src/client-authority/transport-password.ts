import { randomInt } from "node:crypto";

/** Without 0 and o, 1, l and i: it is read to somebody over the telephone. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 6;
const GROUP_LENGTH = 4;

/** A random password of 118 bits in groups, such as `k7mc-…`; the hyphens belong to it. */
export const transportPassword = () =>
  Array.from({ length: GROUPS }, () => Array.from({ length: GROUP_LENGTH }, randomLetter).join("")).join("-");

const randomLetter = () => ALPHABET[randomInt(ALPHABET.length)];
