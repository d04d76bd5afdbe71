import { readFile } from 'node:fs/promises';
import { type Config, ConfigError } from './config.ts';
import { NO_CODES, type ReviewedCodes } from './rules/gradings/ctcae-codes.ts';
import { LabCodesError, readLabCodes } from './rules/gradings/lab-codes.ts';
import { DEFAULT_SITE, type Site } from './rules/site.ts';
import { readSite, SiteError } from './rules/site-file.ts';

/** The texts of the files that settings name: read once, so that all processes of a host go by the same, also one that is started later. */
export interface SettingFiles {
  site?: string;
  labCodes?: string;
}

/** Throws ConfigError where one cannot be read, or says what cannot be used. */
export async function readSettingFiles({ site, labCodes }: Config): Promise<SettingFiles> {
  const files: SettingFiles = {
    ...(site === undefined ? {} : { site: await read('SITE', site) }),
    ...(labCodes === undefined ? {} : { labCodes: await read('LAB_CODES', labCodes) }),
  };
  siteOf(files);
  labCodesOf(files);
  return files;
}

/** The site of the file that `SITE` names. Throws ConfigError with all that is wrong with it. */
export function siteOf({ site }: SettingFiles): Site {
  if (site === undefined) return DEFAULT_SITE;
  try {
    return readSite(site);
  } catch (error) {
    throw error instanceof SiteError ? new ConfigError(error.faults.map((fault) => `SITE ${fault}`)) : error;
  }
}

/** The codes of the file that `LAB_CODES` names. Throws ConfigError with all that is wrong with it. */
export function labCodesOf({ labCodes }: SettingFiles): ReviewedCodes {
  if (labCodes === undefined) return NO_CODES;
  try {
    return readLabCodes(labCodes);
  } catch (error) {
    throw error instanceof LabCodesError ? new ConfigError(error.faults.map((fault) => `LAB_CODES ${fault}`)) : error;
  }
}

async function read(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new ConfigError([`${name}: the file cannot be read`]);
  }
}
