// What every question of the delivery view is narrowed to, as the address says.
import { param, params } from "../state/location.ts";
import { rangeText } from "../state/range.ts";

export const usualTier = "production";
export const tier = (): string => param("tier") ?? usualTier;

export const narrowed = () => ({
  ...rangeText.value,
  tier: tier(),
  env: params("env"),
  service: params("service"),
  team: params("team"),
});
