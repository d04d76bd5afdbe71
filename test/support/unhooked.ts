/**
 * Loaded before a test process begins: tap watches each promise there is, to say in which test an error was thrown that nobody caught, and that is a
 * tenth of what tests of the service cost. Without it such an error ends the process, which is a failure too, and Node prints it.
 */
import hooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

const none: hooks.AsyncHook = { enable: () => none, disable: () => none };
hooks.createHook = () => none;
syncBuiltinESMExports();
