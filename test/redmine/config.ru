# Redmine of Debian's packages for one test, which internal/testkit starts: with
# an empty database, the default data, the REST API, and a key of its
# administrator, which it prints.

# It ends when its input does, so that none is left behind.
Thread.new { $stdin.read; exit! }

require '/usr/share/redmine/config/environment'

ActiveRecord::Migration.verbose = false
ActiveRecord::MigrationContext.new(Rails.root.join('db/migrate'), ActiveRecord::SchemaMigration).migrate
ActiveRecord::Base.descendants.each(&:reset_column_information)
Redmine::DefaultData::Loader.load('en')
Setting.rest_api_enabled = '1'
Setting.notified_events = [] # nobody reads mail here
administrator = User.find_by!(login: 'admin')
administrator.update!(must_change_passwd: false)
puts "api key #{administrator.api_key}"

run Rails.application
