import FleetCommands

await FleetCommand.main()
