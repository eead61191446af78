import FleetCommands

await FleetCommand.start()
